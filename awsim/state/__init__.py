"""The building blocks of service state; see `undo` for why services keep state only in these."""

from awsim.state.collection import Collection
from awsim.state.containers import Deque, Dict, Entity, Heap, List, SortedDict
from awsim.state.lifecycle import Lifecycle
from awsim.state.tags import Tags, tag_map
from awsim.state.undo import MISSING, History, Mark

__all__ = [
    "MISSING",
    "Collection",
    "Deque",
    "Dict",
    "Entity",
    "Heap",
    "History",
    "Lifecycle",
    "List",
    "Mark",
    "SortedDict",
    "Tags",
    "tag_map",
]
