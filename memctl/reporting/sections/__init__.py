"""The report's sections, in their order: a new one is a file here and a line in the list."""

from memctl.reporting.section import Section
from memctl.reporting.sections.along import ALONG
from memctl.reporting.sections.answer import ANSWER
from memctl.reporting.sections.associations import ASSOCIATIONS
from memctl.reporting.sections.bands import BANDS
from memctl.reporting.sections.boxes import BOXES
from memctl.reporting.sections.correlations import CORRELATIONS
from memctl.reporting.sections.front import FRONT, HYPERVOLUMES
from memctl.reporting.sections.halves import HALVES
from memctl.reporting.sections.losses import LOSSES
from memctl.reporting.sections.main_numbers import MAIN_NUMBERS
from memctl.reporting.sections.mirror_pairs import MIRROR_PAIRS
from memctl.reporting.sections.overview import OVERVIEW
from memctl.reporting.sections.parity import PARITY
from memctl.reporting.sections.regressions import REGRESSIONS
from memctl.reporting.sections.scorecard import SCORECARD
from memctl.reporting.sections.verdicts import VERDICTS

SECTIONS: tuple[Section, ...] = (
    ANSWER,
    FRONT,
    HYPERVOLUMES,
    OVERVIEW,
    MAIN_NUMBERS,
    VERDICTS,
    HALVES,
    BANDS,
    ALONG,
    SCORECARD,
    BOXES,
    LOSSES,
    ASSOCIATIONS,
    MIRROR_PAIRS,
    REGRESSIONS,
    PARITY,
    CORRELATIONS,
)
