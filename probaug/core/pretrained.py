"""Pipelines in local folders, in the layout that model hubs use."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NoReturn

from .serialize import load, save

KEYS = ("train", "eval")
THEIRS = "albumentations_config_{key}.json"


def config_name(key: str, allow_custom_keys: bool) -> str:
    """The file that holds a pipeline of a folder."""
    if Path(key).name != key or not (allow_custom_keys or key in KEYS):
        raise ValueError(
            f"key must be 'train' or 'eval', or with allow_custom_keys=True any part of a file "
            f"name, got {key!r}"
        )
    return f"probaug_config_{key}.json"


class Pretrained:
    """Saving to a folder, and loading from it, under the names of 2.0.8."""

    def save_pretrained(
        self,
        save_directory: str | os.PathLike[str],
        *,
        key: str = "eval",
        allow_custom_keys: bool = False,
        repo_id: str | None = None,
        push_to_hub: bool = False,
        **push_to_hub_kwargs: Any,
    ) -> None:
        """Write the pipeline into a folder, beside others of other keys.

        Args:
            save_directory: The folder, made if it is not there.
            key: Which pipeline of the folder it is: "train" or "eval".
            allow_custom_keys: Let the key be any other word.
            repo_id: Named by the error of ``push_to_hub``.
            push_to_hub: An error, after saving, that names the command to use instead.
            **push_to_hub_kwargs: The same.

        """
        folder = Path(save_directory)
        name = config_name(key, allow_custom_keys)
        folder.mkdir(parents=True, exist_ok=True)
        save(self, folder / name)  # type: ignore[arg-type]  # a mixin of pipelines
        if push_to_hub:
            self.push_to_hub(repo_id or folder.name, folder=folder)

    @classmethod
    def from_pretrained(
        cls,
        directory_or_repo_id: str | os.PathLike[str],
        *,
        key: str = "eval",
        **hub_kwargs: Any,
    ) -> Any:
        """Read what `save_pretrained`, here or of Albumentations 2.0.8, wrote into a folder.

        Args:
            directory_or_repo_id: The folder.
            key: Which pipeline of the folder to read.
            **hub_kwargs: What 2.0.8 hands to its downloads, which folders do not need.

        """
        folder = Path(directory_or_repo_id)
        for name in (config_name(key, True), THEIRS.format(key=key)):
            if (folder / name).is_file():
                return load(folder / name)
        known = sorted(path.name for path in folder.glob("*_config_*.json"))
        raise FileNotFoundError(
            f"{folder} holds no pipeline of key {key!r}; it holds {', '.join(known) or 'none'}. "
            f"A repository is downloaded by: huggingface-cli download {directory_or_repo_id} "
            "--local-dir FOLDER"
        )

    def push_to_hub(self, repo_id: str, *, folder: Any = "FOLDER", **options: Any) -> NoReturn:
        """Raise an error that names the command to use instead: nothing here uses the network."""
        raise NotImplementedError(
            f"probaug does not use the network: save_pretrained({str(folder)!r}), then run: "
            f"huggingface-cli upload {repo_id} {folder}"
        )
