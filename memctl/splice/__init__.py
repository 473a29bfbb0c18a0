"""Where in t copying is decided at generation: the weights of two models of one data set, spliced
by t.
"""
