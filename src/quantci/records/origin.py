"""Which model, branch, commit and run a report is about."""

from typing import Annotated, Final

from msgspec import Meta

from quantci.records.base import Record
from quantci.records.units import Positive

DEFAULT_KEY: Final = "quantci"
DEFAULT_CONFIGURATION: Final = "quantci.toml"
# No character of a key can end an HTML comment, part a cache's key from what follows, or stand in no artifact's name
# but the slash.
KEY: Final = "[A-Za-z0-9._/-]{1,100}"

Commit = Annotated[str, Meta(pattern="^([0-9a-f]{40}|[0-9a-f]{64})$", description="Full name of a commit.")]


class ReportOrigin(Record, frozen=True, kw_only=True):
    """What the CI service says about the run that measured. What it does not say is null."""

    key: Annotated[str, Meta(pattern=f"^{KEY}$", description="Name of this model among those of the repository.")] = (
        DEFAULT_KEY
    )
    configuration: Annotated[
        str | None, Meta(description="The configuration's path, from the root of the repository.")
    ] = None
    repository: Annotated[str | None, Meta(description="owner/name of the repository that the run belongs to.")] = None
    branch: Annotated[
        str | None, Meta(description="Branch that was measured; of a pull request its own, which may be a fork's.")
    ] = None
    commit: Annotated[
        Commit | None, Meta(description="Commit that was measured; of a pull request its head, not the merge commit.")
    ] = None
    pull_request: Annotated[Positive | None, Meta(description="Number of the pull request that was measured.")] = None
    run_id: Annotated[Positive | None, Meta(description="The run, as the CI service counts.")] = None
    run_attempt: Annotated[Positive | None, Meta(description="Which attempt of the run, from 1 on.")] = None
    run_url: Annotated[str | None, Meta(description="Web page of the run.")] = None
