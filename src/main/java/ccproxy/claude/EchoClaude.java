package ccproxy.claude;

import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import ccproxy.wire.Json;
import ccproxy.wire.SseEvent;
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
        StrictVersion.check(turn);
        return new EchoStream(EchoScript.of(turn.request(), words(turn.request().raw())));
    }

    @Override
    public EventStream countTokens(Turn turn) {
        StrictVersion.check(turn);
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

    @Override
    public void close() {
        // Nothing is held.
    }
}
