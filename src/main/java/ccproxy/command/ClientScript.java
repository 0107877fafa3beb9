package ccproxy.command;

import ccproxy.wire.Field;
import ccproxy.wire.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/// A client's first requests and its settings, as data: `clients/NAME.json`, whose `source` says
/// where they are known from. Texts are shorter than the client's own, and `max_tokens` is small;
/// shapes, fields and headers are the client's. Immutable.
///
/// @param title the client's own name
/// @param settings to copy, a line each
/// @param notes what else one must know
record ClientScript(
        String name,
        String title,
        List<String> settings,
        List<String> notes,
        List<ClientRequest> requests) {
    /// Every client with a script.
    static final List<String> NAMES =
            List.of(
                    "openai-sdk",
                    "anthropic-sdk",
                    "claude-code",
                    "cursor",
                    "aider",
                    "cline",
                    "continue",
                    "open-webui",
                    "langchain",
                    "codex");

    /// What a client sends as its key where none is wanted.
    private static final String ANY_KEY = "any";

    /// What a script leaves open.
    ///
    /// @param server the server's address, without a path
    /// @param token that it wants, `""` for none
    /// @param model to ask, `""` for the one that the script recommends
    record Blanks(URI server, String token, String model) {}

    /// {@return the script of a client, its blanks filled in}; the token is in the requests only,
    /// what is shown has `AUTH_TOKEN` in its place.
    static ClientScript of(String name, Blanks blanks) {
        String text = resource(name);
        String recommended = root(name, text).get("model").text();
        var values =
                Map.of(
                        "{{base}}", blanks.server().toString(),
                        "{{token}}", blanks.token().isEmpty() ? ANY_KEY : blanks.token(),
                        "{{key}}", blanks.token().isEmpty() ? ANY_KEY : "AUTH_TOKEN",
                        "{{model}}", blanks.model().isEmpty() ? recommended : blanks.model());
        for (var value : values.entrySet()) {
            text = text.replace(value.getKey(), inString(value.getValue()));
        }
        Field root = root(name, text);
        return new ClientScript(
                name,
                root.get("title").text(),
                texts(root.get("settings")),
                texts(root.get("notes")),
                ClientRequest.list(root.get("requests")));
    }

    private static Field root(String name, String text) {
        return Field.root(Json.object(name, text.getBytes(StandardCharsets.UTF_8)));
    }

    private static String inString(String value) {
        String quoted = new String(Json.quoted(value), StandardCharsets.UTF_8);
        return quoted.substring(1, quoted.length() - 1);
    }

    private static List<String> texts(Field array) {
        return array.elements().stream().map(Field::text).toList();
    }

    private static String resource(String name) {
        try (InputStream in = ClientScript.class.getResourceAsStream("clients/" + name + ".json")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
