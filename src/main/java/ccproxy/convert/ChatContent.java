package ccproxy.convert;

import ccproxy.wire.ApiException;
import ccproxy.wire.Field;
import ccproxy.wire.Json;
import ccproxy.wire.ModelRules;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The content of a Chat Completions message as content blocks: each part its own block, in order.
final class ChatContent {
    private final ModelRules rules;

    ChatContent(ModelRules rules) {
        this.rules = rules;
    }

    /// {@return the blocks of a content field: text or parts; empty texts are left out}
    ArrayNode blocks(Field content) {
        return blocks(content, this::part);
    }

    /// {@return the blocks of a content field that may hold text only}
    static ArrayNode texts(Field content) {
        return blocks(content, ChatContent::textPart);
    }

    private static ArrayNode blocks(Field content, Function<Field, ObjectNode> read) {
        ArrayNode blocks = Json.array();
        if (!content.isPresent()) return blocks;
        if (content.value().isString()) {
            if (!content.text().isEmpty()) blocks.add(text(content.text()));
            return blocks;
        }
        if (!content.value().isArray()) throw content.expected("a string or an array of parts");
        for (Field part : content.elements()) {
            ObjectNode block = part.value().isString() ? text(part.text()) : read.apply(part);
            if (isEmptyText(block)) continue;
            blocks.add(marked(part, block));
        }
        return blocks;
    }

    /// {@return a text block}
    static ObjectNode text(String text) {
        return Json.object().put("type", "text").put("text", text);
    }

    private static boolean isEmptyText(ObjectNode block) {
        return block.path("type").asString("").equals("text")
                && block.path("text").asString("").isEmpty();
    }

    /// A part's own `cache_control` stays whole; OpenAI's breakpoint becomes one.
    private static ObjectNode marked(Field part, ObjectNode block) {
        JsonNode mark = part.value().path("cache_control");
        Field breakpoint = part.get("prompt_cache_breakpoint");
        if (mark.isObject()) {
            block.set("cache_control", mark);
        } else if (breakpoint.isPresent()) {
            ObjectNode made = block.putObject("cache_control").put("type", "ephemeral");
            // 12 hours is more than the API offers; an hour is the most it has.
            if (breakpoint.get("ttl").text("").equals("12h")) made.put("ttl", "1h");
        }
        return block;
    }

    private static ObjectNode textPart(Field part) {
        part.object();
        Field type = part.get("type");
        return switch (type.text()) {
            case "text", "input_text", "output_text" -> text(part.get("text").text());
            case "refusal" -> text(part.get("refusal").text());
            default -> throw type.expectedOneOf("text, refusal");
        };
    }

    private ObjectNode part(Field part) {
        part.object();
        Field type = part.get("type");
        return switch (type.text()) {
            case "text", "input_text", "output_text", "refusal" -> textPart(part);
            case "image_url" -> image(part.get("image_url"));
            case "file" -> file(part.get("file"));
            case "input_audio" ->
                    throw part.invalid(
                                    "expected text, an image or a file, found audio, which Claude cannot hear")
                            .code("unsupported_content");
            // Anthropic's own blocks, as some clients send them: whole.
            case "image", "document" -> part.object().deepCopy();
            case "search_result" -> uncited(part.object().deepCopy());
            default -> throw type.expectedOneOf("text, image_url, file");
        };
    }

    /// Without the citations in its texts: only an answer cites (API version 2026-10-21).
    private static ObjectNode uncited(ObjectNode result) {
        for (JsonNode text : result.path("content")) {
            if (text instanceof ObjectNode object && object.path("citations").isArray())
                object.remove("citations");
        }
        return result;
    }

    private ObjectNode image(Field image) {
        if (!rules.hasImages())
            throw image.invalid("expected no image: " + rules.id() + " reads none");
        Field url = image.value().isString() ? image : image.get("url");
        String address = url.nonEmptyText();
        if (DataUrl.isScheme(address, "https:") || DataUrl.isScheme(address, "http:")) {
            return block("image", Json.object().put("type", "url").put("url", address));
        }
        if (!DataUrl.isScheme(address, "data:"))
            throw url.invalid("expected an http, https or data URL");
        DataUrl data = DataUrl.parse(url);
        return block("image", base64(imageType(url, data), data.base64()));
    }

    /// The type of the picture by its first bytes; the label is often wrong and the API refuses it.
    private static String imageType(Field url, DataUrl data) {
        byte[] head = data.head();
        if (startsWith(head, 0x89, 'P', 'N', 'G')) return "image/png";
        if (startsWith(head, 0xFF, 0xD8, 0xFF)) return "image/jpeg";
        if (startsWith(head, 'G', 'I', 'F', '8')) return "image/gif";
        if (startsWith(head, 'R', 'I', 'F', 'F') && head.length >= 12 && head[8] == 'W')
            return "image/webp";
        return switch (data.mediaType()) {
            case "image/png", "image/jpeg", "image/gif", "image/webp" -> data.mediaType();
            case "image/jpg", "image/pjpeg" -> "image/jpeg";
            default ->
                    throw url.invalid(
                            "expected image/jpeg, image/png, image/gif or image/webp, found "
                                    + data.mediaType());
        };
    }

    private ObjectNode file(Field file) {
        file.object();
        ObjectNode block = document(file);
        String name = file.get("filename").text("");
        if (!name.isEmpty()) block.put("title", name);
        return block;
    }

    private ObjectNode document(Field file) {
        Field id = file.get("file_id");
        if (id.isPresent()) {
            return block(
                    "document",
                    Json.object().put("type", "file").put("file_id", id.nonEmptyText()));
        }
        Field field = file.get("file_data");
        DataUrl data = DataUrl.parse(field);
        String type = data.mediaType();
        if (type.isEmpty())
            type =
                    startsWith(data.head(), '%', 'P', 'D', 'F')
                            ? "application/pdf"
                            : data.textType();
        if (type.equals("application/pdf")) {
            if (!rules.hasPdfs())
                throw field.invalid("expected no PDF: " + rules.id() + " reads none");
            return block("document", base64(type, data.base64()));
        }
        if (type.startsWith("image/"))
            return block("image", base64(imageType(field, data), data.base64()));
        if (type.startsWith("text/") || type.equals("application/json")) {
            ObjectNode source = Json.object().put("type", "text").put("media_type", "text/plain");
            return block("document", source.put("data", data.text()));
        }
        throw field.invalid(
                "expected application/pdf, text or an image, found "
                        + (type.isEmpty() ? "an unknown type" : type));
    }

    private static ObjectNode base64(String type, String data) {
        return Json.object().put("type", "base64").put("media_type", type).put("data", data);
    }

    private static ObjectNode block(String type, ObjectNode source) {
        ObjectNode block = Json.object().put("type", type);
        block.set("source", source);
        return block;
    }

    private static boolean startsWith(byte[] bytes, int... head) {
        if (bytes.length < head.length) return false;
        for (int i = 0; i < head.length; i++) {
            if ((bytes[i] & 0xFF) != head[i]) return false;
        }
        return true;
    }

    /// {@return the error for content that holds nothing}
    static ApiException nothingIn(Field content) {
        return content.invalid("expected some content, found none");
    }
}
