/** @file What messages.ts says of what is fetched from elsewhere, and of what is published there. */

export interface DownloadModel {
  /** `owner/name` of the Hugging Face hub. */
  id: string;
  /** Branch, tag or commit; the commit it stands for is pinned. */
  revision?: string;
  /** Absolute folder, inside the workspace. */
  into: string;
  token?: string;
}

export interface DownloadedModel {
  path: string;
  /** The commit. */
  revision: string;
  licence?: string;
  bytes: number;
}

export interface PublicationPreview {
  files: { name: string; bytes: number }[];
  bytes: number;
  /** Its card says of a licence that it must be looked up first. */
  notNoted: boolean;
  hubUrl: string;
}

export interface PublishFolder {
  /** Absolute folder of an export. */
  folder: string;
  /** `owner/name`. */
  repo: string;
  isPrivate: boolean;
  /** Whether a repository that holds something gets a further commit. */
  update: boolean;
  /** Of the hub; kept nowhere. */
  accessToken: string;
  token?: string;
}

export interface Published {
  url: string;
  commit: string;
}

export interface CudaSupport {
  folder: string;
  fetched: boolean;
  /** Of onnxruntime. */
  version: string;
  /** Of the package that it came from, hex. */
  sha512?: string;
  /** What it needs of the machine; where it would be loaded from, absent where it would not be found. */
  libraries: { name: string; of: string; path?: string }[];
}
