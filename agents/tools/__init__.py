"""What agents can call: one file a tool, typed in and out, with every failure told in the result."""
