package ccproxy.claude;

import ccproxy.wire.MessagesRequest;

/// One question to Claude.
///
/// @param request what is asked
/// @param sessionId the conversation it belongs to, or `""`
/// @param headers what of the client's own headers matters upstream
/// @param isConverted whether it came in another format, so that a pause of the upstream's own
///   tools is ours to continue
public record Turn(
        MessagesRequest request, String sessionId, ClientHeaders headers, boolean isConverted) {
    /// {@return the name of the conversation, which no other client's has; `""` for none}
    String conversation() {
        return sessionId.isEmpty() ? "" : conversation(sessionId, headers);
    }

    /// {@return the name of a client's session: no id has a slash in it}
    static String conversation(String sessionId, ClientHeaders headers) {
        return headers.owner().isEmpty() ? sessionId : headers.owner() + "/" + sessionId;
    }

    /// {@return this with another request}
    Turn with(MessagesRequest request) {
        return new Turn(request, sessionId, headers, isConverted);
    }
}
