package ccproxy.convert;

import ccproxy.wire.Json;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The messages of a request, as far as they are built. For one thread.
final class MessageList {
    private final ArrayNode messages = Json.array();

    /// Adds a message. What an answer or the system says in several is one; a user's message stays
    /// as it was sent when the answer to it was empty.
    void add(String role, ArrayNode blocks) {
        if (lastRole().equals(role) && !role.equals("user")) {
            ((ArrayNode) messages.get(messages.size() - 1).path("content")).addAll(blocks);
        } else {
            messages.addObject().put("role", role).set("content", blocks);
        }
    }

    /// {@return whose message is the last, `""` when there is none}
    String lastRole() {
        return messages.isEmpty()
                ? ""
                : messages.get(messages.size() - 1).path("role").asString("");
    }

    boolean isEmpty() {
        return messages.isEmpty();
    }

    /// The API refuses a last assistant text that ends in white space, and an empty one.
    void trimPrefill() {
        ArrayNode blocks = (ArrayNode) messages.get(messages.size() - 1).path("content");
        ObjectNode last = (ObjectNode) blocks.get(blocks.size() - 1);
        if (!last.path("type").asString("").equals("text")) return;
        String trimmed = last.path("text").asString("").stripTrailing();
        last.put("text", trimmed);
        if (trimmed.isEmpty()) blocks.remove(blocks.size() - 1);
        if (blocks.isEmpty()) messages.remove(messages.size() - 1);
    }

    /// {@return all of them}
    ArrayNode all() {
        return messages;
    }
}
