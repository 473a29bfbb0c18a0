"""What a set of samples says of its generator: one answer a question, each with its effect, and the
word that follows from them. Free of torch.
"""
