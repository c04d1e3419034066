/**
 * @file Set before onnxruntime is loaded: it reports nothing to anybody. Import it first. The runtime reads the process's
 * own environment, of which a worker thread has a copy, so that the entry points import it too.
 */
process.env.ORT_DISABLE_TELEMETRY = '1';
