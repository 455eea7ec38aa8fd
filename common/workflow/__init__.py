"""What the Snakefile, the rules and the stages share.

A paper's paths and commands, the files that a stage's code consists of, the resolved settings, the chain of files
behind a result, what makes a report outdated, and the screen.
"""
