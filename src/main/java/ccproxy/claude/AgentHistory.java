package ccproxy.claude;

import ccproxy.wire.Digests;
import ccproxy.wire.Json;
import ccproxy.wire.MessagesRequest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// A conversation as the CLI is told of it, turn by turn, where the conversation is the CLI's own.
final class AgentHistory {
    private static final Pattern BLANKS = Pattern.compile("\\s+");

    private AgentHistory() {}

    /// {@return what tells one conversation from another}: its system text and the first `count`
    /// messages, of the assistant's its text alone, since a client need not give the rest back, and
    /// that without blanks, since texts are trimmed and joined in many ways.
    static String digest(MessagesRequest request, int count, String answer) {
        MessageDigest digest = Digests.sha256();
        add(digest, CliRequest.system(request));
        for (int i = 0; i < count; i++) {
            JsonNode message = request.messages().path(i);
            String role = message.path("role").asString("");
            add(digest, role);
            if (role.equals("assistant")) add(digest, text(message.path("content")));
            else for (JsonNode block : blocks(message)) add(digest, plain(block));
        }
        if (!answer.isBlank()) {
            add(digest, "assistant");
            add(digest, bare(answer));
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static void add(MessageDigest digest, String part) {
        byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
        digest.update((bytes.length + ":").getBytes(StandardCharsets.US_ASCII));
        digest.update(bytes);
    }

    private static String plain(JsonNode block) {
        ObjectNode plain = Json.objectOrEmpty(block).deepCopy();
        plain.remove("cache_control");
        return Json.text(plain);
    }

    private static ArrayNode blocks(JsonNode message) {
        JsonNode content = message.path("content");
        if (content instanceof ArrayNode blocks) return blocks;
        ArrayNode blocks = Json.array();
        blocks.addObject().put("type", "text").put("text", content.asString(""));
        return blocks;
    }

    private static String text(JsonNode content) {
        if (content.isString()) return bare(content.stringValue());
        var text = new StringBuilder();
        for (JsonNode block : content) {
            if (block.path("type").asString("").equals("text"))
                text.append(block.path("text").asString(""));
        }
        return bare(text.toString());
    }

    private static String bare(String text) {
        return BLANKS.matcher(text).replaceAll("");
    }

    /// Tells a process of every message but the last, in lock-step: answers count at once, while
    /// questions queue, so each one has to be taken before the next.
    ///
    /// @param from the first that it does not know
    static void feed(ClaudeProcess process, MessagesRequest request, int from)
            throws IOException, InterruptedException {
        ArrayNode messages = request.messages();
        for (int i = from; i < messages.size() - 1; i++) {
            JsonNode message = messages.get(i);
            if (message.path("role").asString("").equals("assistant")) {
                process.write(CliLines.assistant(own(blocks(message))));
                continue;
            }
            ObjectNode line = CliLines.user(safe(message)).put("shouldQuery", false);
            ProcessTurn taken = process.begin(line);
            boolean isTaken = taken.awaitEnd(ClaudeProcess.CONTROL_WAIT) && taken.hasResult();
            taken.discard();
            if (!isTaken) throw new IOException("the history was not taken");
        }
    }

    /// {@return the last message, the one that asks}; after a last answer, a nudge to go on with it
    static ObjectNode question(MessagesRequest request) {
        JsonNode last = request.messages().get(request.messages().size() - 1);
        if (last.path("role").asString("").equals("assistant"))
            return CliLines.user("Continue exactly from there.");
        return CliLines.user(safe(last));
    }

    /// A last text that begins with `/` would be a command of the CLI's; behind a line break it is
    /// a text, and goes upstream as it is.
    private static ArrayNode safe(JsonNode message) {
        ArrayNode blocks = blocks(message).deepCopy();
        for (JsonNode block : blocks) {
            String text = block.path("text").asString("");
            if (text.startsWith("/")) ((ObjectNode) block).put("text", "\n" + text);
        }
        return blocks;
    }

    /// What we showed of the CLI's doings (`sdk.message_mode`) is no part of the model's answer.
    private static ArrayNode own(ArrayNode blocks) {
        ArrayNode own = Json.array();
        for (JsonNode block : blocks) {
            if (!CliDoings.isOne(block)) own.add(block);
        }
        return own;
    }
}
