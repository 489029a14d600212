// Types of the Threadkeep app-server. Generated: `threadkeep app-server schema --typescript`.

/** Parameters of `initialize`. */
export type InitializeParams = {
  /** The client. */
  clientInfo: ClientInfo;
};

/** Description of a client. */
export type ClientInfo = {
  /** Name. */
  name: string;
  /** Version. */
  version: string;
};

/** Answer of `initialize`. */
export type InitializeResponse = {
  /** Name and version of the server, the system, and the client. */
  userAgent: string;
  /** The agent's home. */
  codexHome: string;
  /** Family of the system: `unix` or `windows`. */
  platformFamily: string;
  /** The system: `linux`, `macos`, …. */
  platformOs: string;
};

/** Parameters of `thread/list`. */
export type ThreadListParams = {
  /** `nextCursor` or `backwardsCursor` of an earlier page with the same filters. It has its own direction. Also a cursor of the agent's own server, with the request's direction: a time and a thread (`2026-11-22T13:24:58Z|ID`), or a bare time. */
  cursor?: string | null;
  /** Number of threads on the page, from 1 to 100. Default: 25. */
  limit?: number | null;
  /** Sort key. Default: `created_at`. */
  sortKey?: SortKey | null;
  /** Direction. Default: `desc`. */
  sortDirection?: SortDirection | null;
  /** Only threads of these model providers. Default, also if it is empty: any. */
  modelProviders?: Array<string> | null;
  /** Only threads of these sources. Default, also if it is empty: the interactive ones, `cli` and `vscode`. */
  sourceKinds?: Array<SourceKind> | null;
  /** The archived threads instead of the current ones. */
  archived?: boolean | null;
  /** Only threads of this folder, or of one of these. */
  cwd?: Folders | null;
  /** Only threads with all these words in their name, title, first message, folder or branch. */
  searchTerm?: string | null;
  /** Only these threads, at most 100. */
  includedThreadIds?: Array<string> | null;
  /** Leaves these threads out, at most 100. */
  excludedThreadIds?: Array<string> | null;
};

/** Sort key of a list. */
export type SortKey = "created_at" | "updated_at" | "recency_at" | "section_position";

/** Direction of a list. */
export type SortDirection = "asc" | "desc";

/** Source of a thread. */
export type SourceKind = "cli" | "vscode" | "exec" | "appServer" | "subAgent" | "subAgentReview" | "subAgentCompact" | "subAgentThreadSpawn" | "subAgentOther" | "unknown";

/** One folder or several. */
export type Folders = string | Array<string>;

/** Answer of `thread/list`. */
export type ThreadListResponse = {
  /** Threads, in the order of the list. */
  data: Array<Thread>;
  /** Not known here: always empty. */
  readStates: Record<string, unknown>;
  /** Cursor that goes on after the last thread; `null` at the end of the list. A page that was reached by a `backwardsCursor` has one whenever it has a thread. */
  nextCursor?: string | null;
  /** Cursor that goes back before the first thread, to what has come since. */
  backwardsCursor?: string | null;
  /** Reason why threads may be missing in the index. The page itself lacks none while the reason is that the home is being indexed. */
  incomplete?: string | null;
};

/** A thread: a conversation with an agent. */
export type Thread = {
  /** Id. */
  id: string;
  /** Not known here. */
  environments?: Array<unknown> | null;
  /** Not known here. */
  extra?: unknown;
  /** Id of the thread at the root of the agents that spawned this one; its own without any. */
  sessionId: string;
  /** Thread whose history this one continues. */
  forkedFromId?: string | null;
  /** Thread to which this one belongs, as a side conversation. */
  attachedToThreadId?: string | null;
  /** Thread that spawned this one. */
  parentThreadId?: string | null;
  /** The user's first message, bounded; else the agent's goal; else nothing. */
  preview: string;
  /** Always false: every thread has a rollout. */
  ephemeral: boolean;
  /** Not known here. */
  section?: unknown;
  /** Not known here. */
  sectionEnteredAt?: number | null;
  /** Not known here. */
  projectId?: string | null;
  /** Form of the rollout: `legacy` or `paginated`; `null` from older agents. */
  historyMode?: string | null;
  /** Provider of the model. */
  modelProvider: string;
  /** Model of the latest turn. */
  model?: string | null;
  /** Reasoning effort of the latest turn. */
  reasoningEffort?: string | null;
  /** Start, in Unix seconds. */
  createdAt: number;
  /** Time of the last line, in Unix seconds. */
  updatedAt: number;
  /** The same: a thread that was only looked at has no new line. */
  recencyAt?: number | null;
  /** `active` while an agent works on it, in whatever process; else `notLoaded`. */
  status: ThreadStatus;
  /** Path of the rollout. */
  path?: string | null;
  /** Working directory. */
  cwd?: string | null;
  /** Version of the agent that began the thread. */
  cliVersion?: string | null;
  /** Program that began the thread. */
  originator?: string | null;
  /** Starter of the session: a word, or `{"subAgent": …}`. */
  source: unknown;
  /** Not known here. */
  canAcceptDirectInput?: boolean | null;
  /** Beneficiary of the thread: `user`, `subagent`, …. */
  threadSource?: string | null;
  /** Nickname of a sub-agent. */
  agentNickname?: string | null;
  /** Role of a sub-agent. */
  agentRole?: string | null;
  /** Commit, branch and remote: the user's, or else those at the start. */
  gitInfo?: GitInfo | null;
  /** Name. */
  name?: string | null;
  /** Not known here. */
  daybreakEnabled?: boolean | null;
  /** Turns, if they were asked for. */
  turns: Array<Turn>;
};

/** Status of a thread. */
export type ThreadStatus = {
  type: "notLoaded";
} | {
  type: "active";
  /** Not known here: always empty. */
  activeFlags: Array<unknown>;
} | {
  type: "idle";
};

/** Git information. */
export type GitInfo = {
  /** Commit. */
  sha?: string | null;
  /** Branch. */
  branch?: string | null;
  /** Remote, without credentials. */
  originUrl?: string | null;
};

/** A turn: the user's request, and the agent's work on it. */
export type Turn = {
  /** The agent's id of the turn. */
  id: string;
  /** Turn that caused this one, possibly itself. */
  rootTurnId?: string | null;
  /** Items, by the view. */
  items: Array<ThreadItem>;
  /** The view. */
  itemsView: ItemsView;
  /** Status. */
  status: TurnStatus;
  /** Error of a failed turn. */
  error?: TurnError | null;
  /** Start, in Unix seconds. */
  startedAt?: number | null;
  /** End, in Unix seconds. */
  completedAt?: number | null;
  /** Duration in milliseconds. */
  durationMs?: number | null;
};

/** Item of a turn. Times are Unix milliseconds. */
export type ThreadItem = {
  type: "userMessage";
  /** Id. */
  id?: string | null;
  /** Id that a client gave. */
  clientId?: string | null;
  /** Texts and images. */
  content: Array<unknown>;
  /** Start. */
  startedAtMs?: number | null;
  /** End. */
  completedAtMs?: number | null;
} | {
  type: "agentMessage";
  /** Not known here. */
  moderation?: unknown;
  /** Id. */
  id?: string | null;
  /** Words. */
  text: string;
  /** `final_answer` and the like. */
  phase?: string | null;
  /** Not known here. */
  memoryCitation?: unknown;
  /** Not known here. */
  delivery?: unknown;
  /** Not known here. */
  questions?: unknown;
  /** Start. */
  startedAtMs?: number | null;
  /** End. */
  completedAtMs?: number | null;
} | {
  type: "reasoning";
  /** Id. */
  id?: string | null;
  /** Summaries. */
  summary: Array<string>;
  /** The thoughts themselves, where they were written. */
  content: Array<string>;
  /** Start. */
  startedAtMs?: number | null;
  /** End. */
  completedAtMs?: number | null;
} | {
  type: "commandExecution";
  /** Id. */
  id?: string | null;
  /** Not known here. */
  pluginId?: string | null;
  /** Not known here. */
  scriptPath?: string | null;
  /** The command line. */
  command: string;
  /** Working directory. */
  cwd?: string | null;
  /** Id of the process. */
  processId?: string | null;
  /** Starter of the command. */
  source?: string | null;
  /** `completed`, `failed`, …. */
  status?: string | null;
  /** The command's parts, as the agent understood them. */
  commandActions: Array<unknown>;
  /** Output. */
  aggregatedOutput?: string | null;
  /** Exit code. */
  exitCode?: number | null;
  /** Duration. */
  durationMs?: number | null;
  /** Start. */
  startedAtMs?: number | null;
  /** End. */
  completedAtMs?: number | null;
} | {
  type: "toolCall";
  /** Id of the call. */
  id?: string | null;
  /** Name of the tool. */
  name: string;
  /** JSON or text. */
  arguments: string;
  /** Result. */
  output?: string | null;
} | {
  type: "contextCompaction";
  /** Id. */
  id?: string | null;
} | {
  type: "enteredReviewMode";
  /** Id. */
  id?: string | null;
  /** Subject of the review. */
  review?: string | null;
} | {
  type: "exitedReviewMode";
  /** Id. */
  id?: string | null;
  /** Its overall explanation. */
  review?: string | null;
} | Record<string, unknown>;

/** Selection of a turn's items. */
export type ItemsView = "summary" | "full" | "notLoaded";

/** Status of a turn. */
export type TurnStatus = "completed" | "interrupted" | "failed" | "inProgress";

/** Error of a turn. */
export type TurnError = {
  /** Message. */
  message: string;
};

/** Parameters of `thread/read`. */
export type ThreadReadParams = {
  /** The thread. */
  threadId: string;
  /** Also reads its turns: the newest, at most 1,000 and about 16 MiB of them. */
  includeTurns?: boolean;
};

/** Answer of `thread/read`. */
export type ThreadReadResponse = {
  /** The thread. */
  thread: Thread;
  /** Not known here. */
  readState?: unknown;
  /** Reason why turns are missing, and how to read them. */
  incomplete?: string | null;
};

/** Parameters of `thread/turns/list`. */
export type TurnsListParams = {
  /** The thread. */
  threadId: string;
  /** `nextCursor` or `backwardsCursor` of an earlier page. */
  cursor?: string | null;
  /** Number of turns on the page, from 1 to 100. Default: 25. */
  limit?: number | null;
  /** Direction. Default: `desc`. */
  sortDirection?: SortDirection | null;
  /** Selection of items. Default: `summary`. */
  itemsView?: ItemsView | null;
};

/** Answer of `thread/turns/list`. */
export type TurnsListResponse = {
  /** Turns, in the order of the list. */
  data: Array<Turn>;
  /** Cursor that goes on after the last turn; `null` at the end. */
  nextCursor?: string | null;
  /** Cursor that goes back, from the first turn on: it may have changed. */
  backwardsCursor?: string | null;
  /** Reason why turns are missing: a file that the thread builds on is not there. */
  incomplete?: string | null;
};

/** Parameters of `thread/items/list`. */
export type ItemsListParams = {
  /** The thread. */
  threadId: string;
  /** Only items of this turn. */
  turnId?: string | null;
  /** `nextCursor` or `backwardsCursor` of an earlier page. */
  cursor?: string | null;
  /** Number of items on the page, from 1 to 100. Default: 25. */
  limit?: number | null;
  /** Direction. Default: `asc`. */
  sortDirection?: SortDirection | null;
};

/** Answer of `thread/items/list`. */
export type ItemsListResponse = {
  /** Items, in the order of the list. */
  data: Array<ListedItem>;
  /** Cursor that goes on after the last item; `null` at the end. */
  nextCursor?: string | null;
  /** Cursor that goes back, from the first item on. */
  backwardsCursor?: string | null;
};

/** Item of a list, with its turn. */
export type ListedItem = {
  /** Turn of the item. */
  turnId: string;
  /** The item. */
  item: ThreadItem;
  /** Start, in Unix milliseconds. */
  startedAtMs?: number | null;
  /** End, in Unix milliseconds. */
  completedAtMs?: number | null;
};

/** Parameters of `thread/search` and `thread/search/stream`. The filters are those of `thread/list`. */
export type ThreadSearchParams = {
  /** Words and phrases in quotes, at most 65,536 bytes. A passage must have all of them. */
  searchTerm: string;
  /** `nextCursor` or `backwardsCursor` of an earlier page. */
  cursor?: string | null;
  /** Number of threads on the page, from 1 to 100. Default: 25. */
  limit?: number | null;
  /** Sort key. Default: `created_at`. */
  sortKey?: SortKey | null;
  /** Direction. Default: `desc`. */
  sortDirection?: SortDirection | null;
  /** Only threads of these model providers. */
  modelProviders?: Array<string> | null;
  /** Only threads of these sources. Default: the interactive ones. */
  sourceKinds?: Array<SourceKind> | null;
  /** The archived threads instead of the current ones. */
  archived?: boolean | null;
  /** Only threads of this folder, or of one of these. */
  cwd?: Folders | null;
};

/** Answer of `thread/search` and `thread/search/stream`. */
export type ThreadSearchResponse = {
  /** Threads, in the order of the list. */
  data: Array<SearchResult>;
  /** Cursor that goes on after the last thread; `null` at the end. */
  nextCursor?: string | null;
  /** Cursor that goes back before the first thread. */
  backwardsCursor?: string | null;
  /** Reason why not everything was searched. */
  incomplete?: string | null;
};

/** Thread that was found. */
export type SearchResult = {
  /** The thread. */
  thread: Thread;
  /** Text around the words, in the passage that matches best. */
  snippet?: string | null;
};

/** Parameters of `thread/search/cancel`. */
export type SearchCancelParams = {
  /** Id of the request that searches. */
  requestId: RequestId;
};

/** Id of a request: a whole number or a text. */
export type RequestId = number | string;

/** Parameters of a method that takes none, and the answer of a method that has nothing to say. */
export type Empty = Record<string, unknown>;

/** Parameters of `thread/name/set`. */
export type ThreadNameSetParams = {
  /** The thread. */
  threadId: string;
  /** Name of 1 to 200 characters. */
  name: string;
};

/** Parameters of a method about one thread. */
export type ThreadParams = {
  /** The thread. */
  threadId: string;
};

/** Answer of a method that returns the thread. */
export type ThreadResponse = {
  /** The thread. */
  thread: Thread;
};

/** Parameters of `thread/metadata/update`. */
export type ThreadMetadataUpdateParams = {
  /** The thread. */
  threadId: string;
  /** Change of its git information, of one part at least. */
  gitInfo?: GitInfoUpdate | null;
};

/** Change of git information. A part that is left out stays, and `null` removes it. */
export type GitInfoUpdate = {
  /** Commit. */
  sha?: string | null;
  /** Branch. */
  branch?: string | null;
  /** Remote. Credentials in it are removed. */
  originUrl?: string | null;
};

/** Parameters of `thread/memoryMode/set`. */
export type ThreadMemoryModeSetParams = {
  /** The thread. */
  threadId: string;
  /** Permission to make memories from it. */
  mode: MemoryMode;
};

/** Permission to make memories from a thread. */
export type MemoryMode = "enabled" | "disabled";

/** Parameters of `thread/tree`. */
export type ThreadTreeParams = {
  /** Root of the tree; else all trees. */
  threadId?: string | null;
  /** Number of levels below a root; else all. */
  maxDepth?: number | null;
};

/** Answer of `thread/tree`: the agents, each after the thread that spawned it. */
export type ThreadTreeResponse = {
  /** The agents. */
  data: Array<Agent>;
};

/** Thread of the agent graph. */
export type Agent = {
  /** Its id. */
  threadId: string;
  /** Thread that spawned it. */
  parentThreadId?: string | null;
  /** Thread whose history it continues. */
  forkedFromId?: string | null;
  /** Number of steps below the root. */
  depth: number;
  /** `open` or `closed`. */
  lifecycle: string;
  /** Outcome of its last run. */
  outcome: string;
  /** Name, or else title. */
  name?: string | null;
  /** Nickname. */
  agentNickname?: string | null;
  /** Role. */
  agentRole?: string | null;
  /** Time of its last line, in Unix seconds. */
  updatedAt?: number | null;
};

/** Answer of `thread/close`. */
export type ThreadCloseResponse = {
  /** Threads that were closed: the thread, and the open agents below it. */
  threadIds: Array<string>;
};

/** Answer of `thread/resume`. */
export type ThreadResumeResponse = {
  /** The thread. */
  thread: Thread;
  /** Threads that are open again: the thread, and the agents that were closed with it. */
  threadIds: Array<string>;
  /** Its goal. */
  goal?: ThreadGoal | null;
};

/** Goal of a thread. */
export type ThreadGoal = {
  /** The thread. */
  threadId: string;
  /** Objective, in the user's words. */
  objective: string;
  /** Status. */
  status: GoalStatus;
  /** Limit of tokens. */
  tokenBudget?: number | null;
  /** Tokens used so far. */
  tokensUsed: number;
  /** Seconds used so far. */
  timeUsedSeconds: number;
  /** Time of its creation, in Unix seconds. */
  createdAt: number;
  /** Time of its last change, in Unix seconds. */
  updatedAt: number;
};

/** Status of a goal. */
export type GoalStatus = "active" | "paused" | "blocked" | "usageLimited" | "budgetLimited" | "complete";

/** Parameters of `thread/goal/set`. Without an objective, the present goal is changed. */
export type GoalSetParams = {
  /** The thread. */
  threadId: string;
  /** Objective of 1 to 4,000 characters. */
  objective?: string | null;
  /** Status. */
  status?: GoalStatus | null;
  /** Limit of tokens, 1 or more. `null` removes it. */
  tokenBudget?: number | null;
};

/** Answer of `thread/goal/set`. */
export type GoalSetResponse = {
  /** The goal. */
  goal: ThreadGoal;
};

/** Answer of `thread/goal/get`. */
export type GoalGetResponse = {
  /** The goal; `null` without one. */
  goal?: ThreadGoal | null;
};

/** Answer of `thread/goal/clear`. */
export type GoalClearResponse = {
  /** True if there was one. */
  cleared: boolean;
};

/** Parameters of `device/key/create`. */
export type DeviceKeyCreateParams = {
  /** Account that the key signs for. */
  accountUserId: string;
  /** Client that the key signs for. */
  clientId: string;
  /** Classes of keys that may be made. Default: `hardware_only`. */
  protectionPolicy?: DeviceKeyProtectionPolicy | null;
};

/** Classes of keys that may be made, the strictest policy first. */
export type DeviceKeyProtectionPolicy = "hardware_only" | "allow_os_protected_nonextractable" | "allow_software";

/** A key: the answer of `device/key/create` and `device/key/public`. */
export type DeviceKeyResponse = {
  /** Id of the key. */
  keyId: string;
  /** Public part in DER form (`SubjectPublicKeyInfo`), in base64. */
  publicKeySpkiDerBase64: string;
  /** Always `ecdsa_p256_sha256`. */
  algorithm: string;
  /** Place of the private part: `hardware_secure_enclave`, `hardware_tpm`, `os_protected_nonextractable` or `software`. */
  protectionClass: string;
};

/** Parameters of `device/key/public`. */
export type DeviceKeyPublicParams = {
  /** The key. */
  keyId: string;
};

/** Parameters of `device/key/sign`. */
export type DeviceKeySignParams = {
  /** The key. */
  keyId: string;
  /** Payload to sign. Nothing else is ever signed. */
  payload: DeviceKeySignPayload;
};

/** Payload to sign. */
export type DeviceKeySignPayload = {
  type: "remoteControlClientConnection";
  /** At least 32 random bytes in unpadded base64url; each signs once. */
  nonce: string;
  /** Service that the signature is for. */
  audience: string;
  /** Session to which the client connects. */
  sessionId: string;
  /** Origin of the server. The settings name the allowed ones. */
  targetOrigin: string;
  /** Path on the server. The settings name the allowed ones. */
  targetPath: string;
  /** Account, as the key was made for it. */
  accountUserId: string;
  /** Client, as the key was made for it. */
  clientId: string;
  /** End of the token's life in Unix seconds, at most 15 minutes ahead. */
  tokenExpiresAt: number;
  /** SHA-256 of the access token, in unpadded base64url. */
  tokenSha256Base64url: string;
  /** Permissions that the client asks for, at least one. */
  scopes: Array<string>;
} | {
  type: "remoteControlClientEnrollment";
  /** At least 32 random bytes in unpadded base64url; each signs once. */
  nonce: string;
  /** Service that the signature is for. */
  audience: string;
  /** Challenge of the server. */
  challengeId: string;
  /** Origin of the server. The settings name the allowed ones. */
  targetOrigin: string;
  /** Path on the server. The settings name the allowed ones. */
  targetPath: string;
  /** Account, as the key was made for it. */
  accountUserId: string;
  /** Client, as the key was made for it. */
  clientId: string;
  /** SHA-256 of the device's identity, in unpadded base64url. */
  deviceIdentitySha256Base64url: string;
  /** End of the challenge's life in Unix seconds, at most 15 minutes ahead. */
  challengeExpiresAt: number;
};

/** Answer of `device/key/sign`. */
export type DeviceKeySignResponse = {
  /** Signature in DER form, in base64. */
  signatureDerBase64: string;
  /** The exact bytes that are signed, in base64. */
  signedPayloadBase64: string;
  /** Always `ecdsa_p256_sha256`. */
  algorithm: string;
};

/** Parameters of `memory/status`. */
export type MemoryStatusParams = {
  /** Number of consolidated threads from which on memories count as ready, from 1 to 4096. Default: 1. */
  minConsolidatedThreads?: number | null;
};

/** Answer of `memory/status`. */
export type MemoryStatusResponse = {
  /** Number of threads in the consolidated memories. */
  v2ConsolidatedThreads: number;
  /** True if there are enough. */
  v2Ready: boolean;
};

/** Answer of `memory/forget`. */
export type MemoryForgetResponse = {
  /** The thread. */
  threadId: string;
  /** True if there was a memory of it. */
  forgotten: boolean;
};

/** Notification of the server. */
export type Notification = {
  method: "thread/updated";
  params: ThreadUpdated;
} | {
  method: "thread/name/updated";
  params: ThreadNameUpdated;
} | {
  method: "thread/archived";
  params: ThreadRef;
} | {
  method: "thread/unarchived";
  params: ThreadRef;
} | {
  method: "thread/deleted";
  params: ThreadRef;
} | {
  method: "thread/goal/updated";
  params: GoalUpdated;
} | {
  method: "thread/goal/cleared";
  params: ThreadRef;
} | {
  method: "thread/search/partial";
  params: SearchPartial;
} | {
  method: "thread/list/changed";
  params: ThreadListChanged;
};

/** A thread that is new or has changed. */
export type ThreadUpdated = {
  /** The thread. */
  thread: Thread;
};

/** A thread's new name. */
export type ThreadNameUpdated = {
  /** The thread. */
  threadId: string;
  /** Name; `null` if it has none any more. */
  threadName?: string | null;
};

/** Reference to a thread. */
export type ThreadRef = {
  /** The thread. */
  threadId: string;
};

/** A goal that was set or has changed. */
export type GoalUpdated = {
  /** The thread. */
  threadId: string;
  /** Not known here. */
  turnId?: string | null;
  /** The goal. */
  goal: ThreadGoal;
};

/** Threads that a search has found, each once. */
export type SearchPartial = {
  /** Request that searches. */
  requestId: RequestId;
  /** The threads. */
  data: Array<SearchResult>;
};

/** Changes that are not reported one by one. */
export type ThreadListChanged = {
  /** Number of changes. */
  count: number;
};

/** Error of a request. */
export type RpcError = {
  /** Kind of the error. */
  code: number;
  /** Failure, in words. */
  message: string;
  /** More about it: `field`, the path of the wrong parameter, or `hint`, the remedy. */
  data?: unknown;
};

/** Parameters and result of each method. */
export type Methods = {
  initialize: { params: InitializeParams; result: InitializeResponse };
  "thread/list": { params: ThreadListParams; result: ThreadListResponse };
  "thread/read": { params: ThreadReadParams; result: ThreadReadResponse };
  "thread/turns/list": { params: TurnsListParams; result: TurnsListResponse };
  "thread/items/list": { params: ItemsListParams; result: ItemsListResponse };
  "thread/search": { params: ThreadSearchParams; result: ThreadSearchResponse };
  "thread/search/stream": { params: ThreadSearchParams; result: ThreadSearchResponse };
  "thread/search/cancel": { params: SearchCancelParams; result: Empty };
  "thread/search/stream/cancel": { params: SearchCancelParams; result: Empty };
  "thread/name/set": { params: ThreadNameSetParams; result: Empty };
  "thread/archive": { params: ThreadParams; result: Empty };
  "thread/unarchive": { params: ThreadParams; result: ThreadResponse };
  "thread/delete": { params: ThreadParams; result: Empty };
  "thread/metadata/update": { params: ThreadMetadataUpdateParams; result: ThreadResponse };
  "thread/memoryMode/set": { params: ThreadMemoryModeSetParams; result: Empty };
  "thread/tree": { params: ThreadTreeParams; result: ThreadTreeResponse };
  "thread/close": { params: ThreadParams; result: ThreadCloseResponse };
  "thread/resume": { params: ThreadParams; result: ThreadResumeResponse };
  "thread/goal/set": { params: GoalSetParams; result: GoalSetResponse };
  "thread/goal/get": { params: ThreadParams; result: GoalGetResponse };
  "thread/goal/clear": { params: ThreadParams; result: GoalClearResponse };
  "device/key/create": { params: DeviceKeyCreateParams; result: DeviceKeyResponse };
  "device/key/public": { params: DeviceKeyPublicParams; result: DeviceKeyResponse };
  "device/key/sign": { params: DeviceKeySignParams; result: DeviceKeySignResponse };
  "memory/status": { params: MemoryStatusParams; result: MemoryStatusResponse };
  "memory/forget": { params: ThreadParams; result: MemoryForgetResponse };
  "memory/run": { params: Empty; result: unknown };
  "doctor/report": { params: Empty; result: unknown };
};
