"""What the Snakefile, the rules and the stages share: a paper's paths and commands, the files that a stage's code
consists of, the resolved settings, the chain behind a result, what makes a report outdated, and the screen.
"""
