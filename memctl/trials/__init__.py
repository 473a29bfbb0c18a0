"""Are the words right? Generators of known behaviour, on data of several shapes and sizes, each
judged as a model's samples are: a trial. Free of torch.
"""
