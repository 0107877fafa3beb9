package ccproxy.claude;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// Tokens of a request, guessed where nobody counts them: four bytes of text are one token, an
/// image 1,600 (the most that one costs), a page of a PDF, taken as 50 kB, 2,000; and a few for
/// each message. Meant to be right within a third for English text and code.
final class TokenEstimate {
    private static final int BYTES_PER_TOKEN = 4;
    private static final int IMAGE_TOKENS = 1600;
    private static final int PAGE_TOKENS = 2000;
    private static final int PAGE_BYTES = 50_000;
    private static final int MESSAGE_TOKENS = 4;

    private TokenEstimate() {}

    static long of(ObjectNode request) {
        long bytes = bytes(request.path("system")) + bytes(request.path("tools"));
        long tokens = 0;
        for (JsonNode message : request.path("messages")) {
            tokens += MESSAGE_TOKENS + media(message.path("content"));
            bytes += bytes(message.path("content"));
        }
        return tokens + (bytes + BYTES_PER_TOKEN - 1) / BYTES_PER_TOKEN;
    }

    /// The bytes of every text, names of fields included where they are part of what is said.
    private static long bytes(JsonNode node) {
        if (node.isString()) return utf8(node.stringValue());
        if (node.isNumber() || node.isBoolean()) return BYTES_PER_TOKEN;
        long sum = 0;
        for (var field : node.properties()) {
            switch (field.getKey()) {
                case "type", "signature", "cache_control" -> {}
                case "source" -> sum += bytes(field.getValue().path("content"));
                default -> sum += utf8(field.getKey()) + bytes(field.getValue());
            }
        }
        if (node.isArray()) for (JsonNode item : node) sum += bytes(item);
        return sum;
    }

    private static long media(JsonNode content) {
        long tokens = 0;
        for (JsonNode block : content) {
            JsonNode source = block.path("source");
            long data = source.path("data").asString("").length();
            switch (block.path("type").asString("")) {
                case "image" -> tokens += IMAGE_TOKENS;
                case "document" -> {
                    boolean isText = source.path("type").asString("").equals("text");
                    tokens +=
                            isText
                                    ? data / BYTES_PER_TOKEN
                                    : PAGE_TOKENS * (1 + data * 3 / 4 / PAGE_BYTES);
                }
                case "tool_result" -> tokens += media(block.path("content"));
                default -> {}
            }
        }
        return tokens;
    }

    private static long utf8(String text) {
        long bytes = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            bytes += c < 0x80 ? 1 : c < 0x800 || Character.isSurrogate(c) ? 2 : 3;
        }
        return bytes;
    }
}
