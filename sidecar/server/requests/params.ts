/** @file The parameters of the requests about datasets and models, checked: they come from another process. */
import { isAbsolute } from 'node:path';
import * as z from 'zod';
import { layouts } from '../../config/schema.ts';

const path = z
  .string()
  .min(1)
  .max(4096)
  .refine((text) => isAbsolute(text) && !text.includes('\0'), 'must be absolute');
/** Names the request in reports of its progress. */
const token = z.string().max(100).optional();

export const detectDatasetParams = z.strictObject({ path, token });

export const inspectDatasetParams = z.strictObject({
  path,
  language: z.string().min(1).max(64),
  layout: z.enum(layouts).optional(),
  tiers: z.array(z.string().min(1).max(300)).max(100).optional(),
  unannotated: z.enum(['aside', 'pauses']).optional(),
  allowOutside: z.boolean().optional(),
  token,
});

export const inspectModelParams = z.strictObject({ path, token });

export const downloadModelParams = z.strictObject({
  id: z.string().regex(/^[\w-][\w.-]{0,95}\/[\w-][\w.-]{0,95}$/, 'must be owner/name'),
  revision: z
    .string()
    .regex(/^[\w-][\w./-]{0,199}$/, 'must be a branch, a tag or a commit')
    .optional(),
  into: path,
  token,
});

export const previewParams = z.strictObject({ folder: path });

export const publishParams = z.strictObject({
  folder: path,
  repo: z.string().regex(/^[A-Za-z0-9][\w.-]{0,95}\/[A-Za-z0-9][\w.-]{0,95}$/, 'must be owner/name'),
  isPrivate: z.boolean(),
  update: z.boolean(),
  accessToken: z.string().min(1).max(1000),
  token,
});
