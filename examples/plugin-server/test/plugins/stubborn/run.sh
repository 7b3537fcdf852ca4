#!/bin/sh
# What is ignored here its child ignores as well. Neither lives for ever, should the server fail to end it.
trap '' TERM
sleep 60 &
echo "$$ $!" > stubborn.pids
sleep 60
