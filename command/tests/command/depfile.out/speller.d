gen/speller.h gen/speller.c gen/speller.rs: speller.json
