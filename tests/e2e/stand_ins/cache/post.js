// Saves what the main step named.
const { spawnSync } = require("child_process");

const env = { ...process.env, IN_MODE: "save", IN_PATH: process.env.STATE_IN_PATH, IN_KEY: process.env.STATE_IN_KEY };
const done = spawnSync(env.STAND_IN_PYTHON, ["-I", `${__dirname}/cache.py`], { env, stdio: ["ignore", "inherit", "inherit"] });
process.exitCode = done.status === null ? 1 : done.status;
