// Starts cache.py, and keeps path and key, as they are now, for the post step.
const { spawnSync } = require("child_process");
const { appendFileSync } = require("fs");

const env = { ...process.env, IN_MODE: "restore", IN_PATH: process.env.INPUT_PATH, IN_KEY: process.env.INPUT_KEY };
for (const name of ["IN_PATH", "IN_KEY"]) {
  appendFileSync(process.env.GITHUB_STATE, `${name}<<_end_of_state_\n${env[name]}\n_end_of_state_\n`);
}
const done = spawnSync(env.STAND_IN_PYTHON, ["-I", `${__dirname}/cache.py`], { env, stdio: ["ignore", "inherit", "inherit"] });
process.exitCode = done.status === null ? 1 : done.status;
