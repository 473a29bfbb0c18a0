"""The paper's theory of where learning happens (Vu et al. 2026, arXiv 2601.21348, section 3, Eqs.
1-8), measured on a real base.

Its chain of claims: the gradient of step t has a norm proportional to SNR(t) and aligns across
samples where SNR is high (Eqs. 1-3), so uniform t learns almost only there (Eqs. 4, 5), and a
distribution p(t) moves learning as C(t) = p(t) SNR(t) says (Eqs. 6-8). Here the norms and
alignments are measured, and each claim gets a verdict.
"""
