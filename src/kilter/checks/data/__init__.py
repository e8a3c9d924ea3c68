"""Checks of data sets."""

from kilter.checks.check import Check
from kilter.checks.data.confusable_labels import ConfusableLabels
from kilter.checks.data.constant_columns import ConstantColumns
from kilter.checks.data.contradictions import ContradictingTargets
from kilter.checks.data.duplicates import DuplicateRows
from kilter.checks.data.empty_texts import EmptyTexts
from kilter.checks.data.group_overlap import GroupOverlap
from kilter.checks.data.huge_items import HugeItems
from kilter.checks.data.identifiers import IdentifierColumns
from kilter.checks.data.imbalance import Imbalance
from kilter.checks.data.infinite_values import InfiniteValues
from kilter.checks.data.input_shift import InputShift
from kilter.checks.data.label_noise import LabelNoise
from kilter.checks.data.label_spelling import LabelSpelling
from kilter.checks.data.missing_values import MissingValues
from kilter.checks.data.near_duplicates import NearDuplicates
from kilter.checks.data.nothing_to_learn import NothingToLearn
from kilter.checks.data.one_sided_pairs import OneSidedPairs
from kilter.checks.data.overlap import SplitOverlap
from kilter.checks.data.rare_labels import RareLabels
from kilter.checks.data.repeated_columns import RepeatedColumns
from kilter.checks.data.row_order import RowOrder
from kilter.checks.data.tag_sequences import TagSequences
from kilter.checks.data.target_combination import TargetCombination
from kilter.checks.data.target_leak import TargetLeak
from kilter.checks.data.target_shift import TargetShift
from kilter.checks.data.text_shift import TextShift
from kilter.checks.data.unseen_labels import UnseenLabels
from kilter.values.table import Dataset

DATA_CHECKS: tuple[Check[Dataset], ...] = (
    DuplicateRows(),
    SplitOverlap(),
    ContradictingTargets(),
    LabelSpelling(),
    RareLabels(),
    UnseenLabels(),
    Imbalance(),
    MissingValues(),
    InfiniteValues(),
    ConstantColumns(),
    RepeatedColumns(),
    IdentifierColumns(),
    TargetLeak(),
    TargetCombination(),
    EmptyTexts(),
    RowOrder(),
    TargetShift(),
    NothingToLearn(),
    GroupOverlap(),
    InputShift(),
    NearDuplicates(),
    TextShift(),
    HugeItems(),
    LabelNoise(),
    OneSidedPairs(),
    ConfusableLabels(),
    TagSequences(),
)
