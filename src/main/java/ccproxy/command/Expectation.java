package ccproxy.command;

import ccproxy.wire.Field;
import java.util.Locale;

/// What a client needs to find in an answer.
///
/// @param kind of answer
/// @param hasUsage whether a stream of chunks must end with one that counts tokens
/// @param tool that is to be called, `""` for none
/// @param isForced whether the request leaves the model no choice but to call it
record Expectation(Kind kind, boolean hasUsage, String tool, boolean isForced) {
    /// The kinds of answers that clients read.
    enum Kind {
        /// Any HTTP answer: the client looks at no more.
        ANY,
        /// The list of models, in OpenAI's shape.
        MODELS,
        /// A count of tokens.
        TOKENS,
        /// A whole chat completion.
        CHAT,
        /// Chunks of a chat completion.
        CHAT_STREAM,
        /// A whole message.
        MESSAGE,
        /// Events of a message.
        MESSAGE_STREAM,
        /// Events of a response, OpenAI's later API.
        RESPONSES;

        /// {@return whether it comes in events}
        boolean isStream() {
            return this == CHAT_STREAM || this == MESSAGE_STREAM || this == RESPONSES;
        }
    }

    /// {@return the same, where no call is no complaint}
    Expectation withoutTool() {
        return new Expectation(kind, hasUsage, "", false);
    }

    /// {@return the expectation that a script writes as `{"answer": "chat-stream", …}`}
    static Expectation of(Field written) {
        String kind = written.get("answer").text().replace('-', '_').toUpperCase(Locale.ROOT);
        return new Expectation(
                Kind.valueOf(kind),
                written.get("usage").flag(false),
                written.get("tool").text(""),
                written.get("forced").flag(true));
    }
}
