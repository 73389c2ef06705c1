"""Pages for people: plain, in one file, to be printed and read aloud. Every text in them is escaped."""
