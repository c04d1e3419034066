/** @file The forms in which a run can be taken along. */

/** `adapter`: MiLorE's own. `peft`: LoRA for PEFT. `onnx`: for transformers.js and onnxruntime. `hf`: merged, for transformers. */
export const exportForms = ['adapter', 'peft', 'onnx', 'hf'] as const;
export type ExportForm = (typeof exportForms)[number];
