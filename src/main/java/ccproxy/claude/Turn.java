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
    /// {@return this with another request}
    Turn with(MessagesRequest request) {
        return new Turn(request, sessionId, headers, isConverted);
    }
}
