#!/bin/sh
# What psyncope would change, the smallest set of settings that ends what happened. Read it before you run it.

# Nothing: no setting that the model knows would have changed what happened. The report says what else to do.
