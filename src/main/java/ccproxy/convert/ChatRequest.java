package ccproxy.convert;

import ccproxy.wire.Json;
import tools.jackson.databind.node.ObjectNode;

/// A Chat Completions request, read as far as its handler branches on it.
///
/// @param raw the whole of it
public record ChatRequest(ObjectNode raw) {
    /// {@return the request that `body` holds}
    ///
    /// @throws ccproxy.wire.ApiException when it is not a JSON object
    public static ChatRequest of(byte[] body) {
        return new ChatRequest(Json.object("body", body));
    }

    /// {@return the model that it names}
    ///
    /// @throws ccproxy.wire.ApiException when it names none
    public String model() {
        return ChatToMessages.model(raw);
    }

    /// {@return whether the answer is wanted as a stream}
    ///
    /// @throws ccproxy.wire.ApiException when that is neither true nor false
    public boolean isStream() {
        return ChatToMessages.isStream(raw);
    }

    /// {@return whether there is an answer of the assistant in it}
    public boolean hasAssistant() {
        return ChatToMessages.hasAssistant(raw);
    }

    /// {@return the request for the upstream, and how to show its answer}
    ///
    /// @throws ccproxy.wire.ApiException names the first field that cannot be converted
    public ChatToMessages.Converted convert(
            ChatToMessages.Options options, ChatToMessages.Display display, Warnings warnings) {
        return ChatToMessages.convert(raw, options, display, warnings);
    }
}
