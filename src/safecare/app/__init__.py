"""The only place where parts are joined: constructor arguments, no globals.

`platform` is the main process (doors and console), `engine` the process of the road's stages. Both work
over the same log and the same central database; either may die at any moment and is started again.
"""
