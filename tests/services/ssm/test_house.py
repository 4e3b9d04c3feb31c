"""The house that operations share: groups that know nothing of each other must not take each other's names."""

from itertools import combinations

from awsim.services.ssm import SERVICE


def test_groups_of_operations_do_not_take_each_others_names():
    groups = [each for each in SERVICE.__mro__ if each.__module__.startswith("awsim.services.ssm")]
    for one, other in combinations(groups, 2):
        if not issubclass(one, other):
            shared = {name for name in vars(one) if name in vars(other) and not name.startswith("__")}
            assert shared <= {"setup"}, (one, other)
