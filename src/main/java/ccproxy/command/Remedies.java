package ccproxy.command;

import java.util.Locale;

/// What to do about a status, given what the server says with it.
final class Remedies {
    private Remedies() {}

    /// {@return what to do}
    static String of(int status, String said) {
        return switch (status) {
            case 400 ->
                    "the request is as the client sends it: start the server without --strict if it"
                            + " has it, choose another model (--model), or report it";
            case 401, 403 -> key(said);
            case 404 -> notFound(said.toLowerCase(Locale.ROOT));
            case 409 -> "a session is busy: ask again";
            case 413 -> "start the server with a larger --max-body";
            case 429, 529 -> "the backend has no room just now: ask again later";
            case 408, 504 -> "the backend is too slow: see ccproxy doctor, and timeout.first_event";
            case 500 -> "see the server's log";
            case 502, 503 -> "the backend cannot answer: see ccproxy doctor";
            default -> "something else than ccproxy answers: see what has the port";
        };
    }

    /// The server's own refusal and an upstream's have the same status.
    private static String key(String said) {
        if (said.contains(" that key '"))
            return "let the key do more (auth_tokens), or give the client another one";
        if (said.startsWith("host: ")) return "set hosts to the name that clients use";
        return said.startsWith("authentication: expected the server's token")
                ? "tell doctor the server's token (--auth-token or CCPROXY_AUTH_TOKEN), and give it"
                        + " to the client as its key"
                : "the backend refuses the key: give the server one (ANTHROPIC_API_KEY), log in"
                        + " (claude, then /login), or trust the client's own key, which was not"
                        + " sent here";
    }

    private static String notFound(String said) {
        return said.contains("model")
                ? "the model's name is not accepted: take one of GET /v1/models (--model), or map it"
                        + " (models)"
                : "the base URL is wrong, or something else has the port: OpenAI's clients need"
                        + " /v1 at its end, Anthropic's none";
    }
}
