"""Numbers with bounds, for the settings of all papers: the bounds are in the name."""

from typing import Annotated

from pydantic import Field

Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]  # [0, 1]
OpenShare = Annotated[float, Field(gt=0, lt=1)]  # (0, 1)
ShareBelowOne = Annotated[float, Field(ge=0, lt=1)]  # [0, 1)
