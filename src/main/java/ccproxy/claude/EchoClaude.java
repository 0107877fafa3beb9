package ccproxy.claude;

import ccproxy.wire.ApiException;
import ccproxy.wire.ApiVersion;
import ccproxy.wire.ErrorKind;
import ccproxy.wire.Field;
import ccproxy.wire.Json;
import ccproxy.wire.MessagesRequest;
import ccproxy.wire.SseEvent;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// A model that needs nothing: it says what was said, word by word, in the vocabulary of the real
/// one; or what a last user text `/echo {…}` tells it to ([EchoScript]).
final class EchoClaude implements Claude {
    private final ModelCatalog catalog;

    EchoClaude(ModelCatalog catalog) {
        this.catalog = catalog;
    }

    @Override
    public EventStream ask(Turn turn) {
        checkVersion(turn);
        return new EchoStream(EchoScript.of(turn.request(), words(turn.request().raw())));
    }

    @Override
    public EventStream countTokens(Turn turn) {
        checkVersion(turn);
        ObjectNode count = Json.object().put("input_tokens", words(turn.request().raw()));
        return new WholeStream(SseEvent.whole(Json.bytes(count)));
    }

    @Override
    public EventStream models(String id, ClientHeaders headers) {
        byte[] body = id.isEmpty() ? catalog.list() : catalog.one(id);
        if (body.length > 0) return new WholeStream(SseEvent.whole(body));
        throw new ApiException(ErrorKind.NOT_FOUND, "model: " + id + " is not known");
    }

    /// The words of every text in a request, which stand for its tokens.
    private static int words(JsonNode request) {
        return wordsIn(request.path("system"))
                + wordsIn(request.path("messages"))
                + wordsIn(request.path("tools"));
    }

    private static int wordsIn(JsonNode node) {
        if (node.isString()) return EchoBlock.tokens(node.stringValue()).size();
        int sum = 0;
        for (var field : node.properties()) {
            switch (field.getKey()) {
                case "type", "role", "id", "data", "media_type", "signature" -> {}
                default -> sum += wordsIn(field.getValue());
            }
        }
        if (node.isArray()) for (JsonNode item : node) sum += wordsIn(item);
        return sum;
    }

    /// The three refusals of version 2026-10-21, which an upstream of that version makes itself.
    private static void checkVersion(Turn turn) {
        if (!ApiVersion.isStrict(turn.headers().version(""))) return;
        MessagesRequest request = turn.request();
        Field root = Field.root(request.raw());
        for (String name : List.of("temperature", "top_p", "top_k")) {
            if (!root.get(name).value().isMissingNode()) {
                throw root.get(name)
                        .invalid("expected no sampling field in version " + ApiVersion.STRICT);
            }
        }
        for (Field message : root.get("messages").elements()) {
            if (message.get("content").value().isArray()) checkBlocks(message);
        }
    }

    private static void checkBlocks(Field message) {
        boolean isUser = message.get("role").text().equals("user");
        for (Field block : message.get("content").elements()) {
            String type = block.get("type").text();
            if (type.equals("document") && !isUser) {
                throw block.invalid(
                        "expected no document in an assistant message in version "
                                + ApiVersion.STRICT);
            }
            if (!isUser) continue;
            checkCitations(block);
            if (type.equals("search_result") && block.get("content").value().isArray()) {
                block.get("content").elements().forEach(EchoClaude::checkCitations);
            }
        }
    }

    private static void checkCitations(Field block) {
        Field citations = block.get("citations");
        if (citations.value().isArray() && !citations.value().isEmpty()) {
            throw citations.invalid(
                    "expected no citations in a user message in version " + ApiVersion.STRICT);
        }
    }

    @Override
    public void close() {
        // Nothing is held.
    }
}
