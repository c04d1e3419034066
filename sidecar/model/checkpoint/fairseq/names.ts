/** @file fairseq's names of an encoder's tensors, in Hugging Face's. Must not read files. */

/** The first rule that matches renames; what none matches stands beside the encoder, or fits nowhere. */
const RULES: [RegExp, string][] = [
  [/^feature_extractor\.conv_layers\.(\d+)\.0\.(weight|bias)$/, 'feature_extractor.conv_layers.$1.conv.$2'],
  // Group norm stands third in the first layer; a layer norm stands between two transpositions.
  [
    /^feature_extractor\.conv_layers\.(\d+)\.2(?:\.1)?\.(weight|bias)$/,
    'feature_extractor.conv_layers.$1.layer_norm.$2',
  ],
  [/^post_extract_proj\.(weight|bias)$/, 'feature_projection.projection.$1'],
  [/^layer_norm\.(weight|bias)$/, 'feature_projection.layer_norm.$1'],
  [/^mask_emb$/, 'masked_spec_embed'],
  [/^encoder\.pos_conv\.0\.(.+)$/, 'encoder.pos_conv_embed.conv.$1'],
  [/^encoder\.layers\.(\d+)\.self_attn\.([qkv]|out)_proj\.(weight|bias)$/, 'encoder.layers.$1.attention.$2_proj.$3'],
  [/^encoder\.layers\.(\d+)\.self_attn_layer_norm\.(weight|bias)$/, 'encoder.layers.$1.layer_norm.$2'],
  [/^encoder\.layers\.(\d+)\.fc1\.(weight|bias)$/, 'encoder.layers.$1.feed_forward.intermediate_dense.$2'],
  [/^encoder\.layers\.(\d+)\.fc2\.(weight|bias)$/, 'encoder.layers.$1.feed_forward.output_dense.$2'],
];

/** As they are already; everything else under `encoder.` is a stranger. */
const SAME = /^encoder\.(layer_norm|layers\.\d+\.final_layer_norm)\.(weight|bias)$/;

/** What a pre-training or a recogniser adds: never part of the encoder. */
const BESIDE =
  /^(quantizer|input_quantizer|project_q|project_inp|final_proj|target_glu|label_embs_concat|encoder_proj|proj|decoder|num_updates|spk_proj)(\.|$)/;

export const HEAD_TENSORS = { weight: 'final_proj.weight', bias: 'final_proj.bias', embeddings: 'label_embs_concat' };

/** A fine-tuned recogniser wraps the encoder. */
export const withoutWrapper = (name: string): string => name.replace(/^(w2v_encoder\.)?w2v_model\.|^w2v_encoder\./, '');

export const isBesideInFairseq = (name: string): boolean => BESIDE.test(name);

/** Hugging Face's name, or undefined where fairseq has no such tensor in an encoder. */
export function canonicalName(name: string): string | undefined {
  if (SAME.test(name)) return name;
  for (const [pattern, canonical] of RULES) if (pattern.test(name)) return name.replace(pattern, canonical);
  return undefined;
}
