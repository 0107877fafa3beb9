package ccproxy.wire;

/// The table of failures: each row is a status and how both APIs name it. Source: Anthropic's
/// `docs/en/api/errors` and the pairs the OpenAI SDKs expect; the Chat column folds statuses that
/// OpenAI does not have (529, 504) into those its clients know how to treat.
public enum ErrorKind {
    INVALID_REQUEST(400, "invalid_request_error", 400, "invalid_request_error", ""),
    AUTHENTICATION(401, "authentication_error", 401, "authentication_error", "invalid_api_key"),
    BILLING(402, "billing_error", 402, "insufficient_quota", "billing_error"),
    PERMISSION(403, "permission_error", 403, "permission_error", ""),
    NOT_FOUND(404, "not_found_error", 404, "invalid_request_error", "model_not_found"),
    /// A path that does not exist: same status as a missing model, but no model is missing.
    UNKNOWN_PATH(404, "not_found_error", 404, "invalid_request_error", "unknown_url"),
    METHOD_NOT_ALLOWED(405, "invalid_request_error", 405, "invalid_request_error", ""),
    CONFLICT(409, "conflict_error", 409, "invalid_request_error", "conflict"),
    TOO_LARGE(413, "request_too_large", 413, "invalid_request_error", "request_too_large"),
    RATE_LIMIT(429, "rate_limit_error", 429, "rate_limit_error", "rate_limit_exceeded"),
    INTERNAL(500, "api_error", 500, "server_error", ""),
    /// Nobody answered, or what answered did not speak the API.
    UNREACHABLE(502, "api_error", 502, "server_error", "upstream_unreachable"),
    /// The answer ended before its own end.
    INCOMPLETE(502, "api_error", 502, "server_error", "upstream_incomplete"),
    UNAVAILABLE(503, "api_error", 503, "server_error", "unavailable"),
    TIMEOUT(504, "timeout_error", 504, "server_error", "timeout"),
    OVERLOADED(529, "overloaded_error", 503, "server_error", "overloaded");

    final int status;
    final String messagesType;
    final int chatStatus;
    final String chatType;
    final String chatCode;

    ErrorKind(int status, String messagesType, int chatStatus, String chatType, String chatCode) {
        this.status = status;
        this.messagesType = messagesType;
        this.chatStatus = chatStatus;
        this.chatType = chatType;
        this.chatCode = chatCode;
    }

    /// {@return the HTTP status on the Messages face}
    public int status() {
        return status;
    }

    /// {@return the error's type on the Messages face}
    public String messagesType() {
        return messagesType;
    }

    /// {@return the row for an upstream's error `type`; else by `status`; else [#INTERNAL]}
    public static ErrorKind of(String messagesType, int status) {
        for (ErrorKind kind : values()) {
            if (kind.messagesType.equals(messagesType) && kind.isFirstOfItsType()) return kind;
        }
        return of(status);
    }

    /// {@return the row of a status; an unknown 4xx is an invalid request, the rest internal}
    public static ErrorKind of(int status) {
        for (ErrorKind kind : values()) {
            if (kind.status == status) return kind;
        }
        return status >= 400 && status < 500 ? INVALID_REQUEST : INTERNAL;
    }

    private boolean isFirstOfItsType() {
        for (ErrorKind kind : values()) {
            if (kind.messagesType.equals(messagesType)) return kind == this;
        }
        throw new AssertionError(this);
    }
}
