/**
 * @file Set before the runtime starts: it reports nothing to anybody. Import it first. onnxruntime reads the process's own
 * environment when its first session is made; a worker thread has but a copy of that, so the entry points import it too.
 */
process.env.ORT_DISABLE_TELEMETRY = '1';
