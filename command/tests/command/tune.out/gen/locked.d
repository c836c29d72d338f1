gen/locked.h gen/locked.c: locked.json locked.lock.json
