// Answers that the description has and that no row gets, each with the reason. What a row gets
// after all must not stand here.

const ids = (...names) => ({operationId}) => names.includes(operationId);

export const excused = [
  {answer: '409 REVOCATIONS_FULL', of: ids('revokeCredential'),
   why: 'is for the ten thousandth'},
  {answer: '500 INTERNAL_ERROR', of: () => true,
   why: 'is a defect of ours wherever it comes; unit_serve lets a handler throw'},
  {answer: '503 NOT_READY', of: ids('getReadiness'),
   why: 'lasts for the moment between listening and being ready'},
  {answer: '413 PAYLOAD_TOO_LARGE', of: ids('exportConversation'),
   why: 'is for conversations above 64 MiB; unit_converse makes one'},
  {answer: '409 IDEMPOTENCY_IN_PROGRESS',
   of: ids('sendMessage', 'sendMessageByShortPath', 'sendPlainMessage'),
   why: 'a text and its answer are one commit; flow_once kills the gateway between'},
  {answer: '503 STORAGE_UNAVAILABLE', of: ids('followOrganization', 'getMe'),
   why: 'it reads nothing; an open stream tells, by stream_end'},
  {answer: '503 STORAGE_UNAVAILABLE',
   of: ({operationId}) => operationId.includes('conversation_initiation'),
   why: 'a call never fails for lack of context: the safe defaults are told'},
  {answer: '429 RATE_LIMITED',
   of: ({operationId}) => !['followConversation', 'followOrganization', 'createStreamTicket']
       .includes(operationId),
   why: 'these settings have no limits; api_limits has some'},
];
