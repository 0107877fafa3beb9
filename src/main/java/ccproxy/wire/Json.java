package ccproxy.wire;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.StreamWriteConstraints;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// The one door to the JSON library. Trees only: what we do not know stays in them, and numbers
/// keep every digit. A property given twice is an error, because two readers may each believe
/// another one of them.
public final class Json {
    /// Deep enough for any real schema, shallow enough for any stack.
    static final int NESTING_MAX = 512;

    /// What was read can be written, also inside what we put around it: a tool's arguments are a
    /// document of their own that becomes a part of another.
    private static final int WRITTEN_NESTING_MAX = 2 * NESTING_MAX;

    /// Most of what is written is a chunk or a small answer.
    private static final int WRITTEN_BYTES = 512;

    /// A number no longer than this: `BigDecimal` parsing is not linear.
    private static final int DIGITS_MAX = 1000;

    private static final JsonFactory FACTORY =
            JsonFactory.builder()
                    // RFC 8259 §8.1: UTF-8, always; no guessing from zero bytes.
                    .disable(JsonFactory.Feature.CHARSET_DETECTION)
                    // A bad document is never quoted back in a message.
                    .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
                    .streamReadConstraints(
                            StreamReadConstraints.builder()
                                    .maxNestingDepth(NESTING_MAX)
                                    .maxNumberLength(DIGITS_MAX)
                                    .maxStringLength(Integer.MAX_VALUE)
                                    .build())
                    .streamWriteConstraints(
                            StreamWriteConstraints.builder()
                                    .maxNestingDepth(WRITTEN_NESTING_MAX)
                                    .build())
                    .build();

    private static final int DECODED_CHARACTERS = 8192;

    /// The value `true`.
    public static final JsonNode TRUE = JsonNodeFactory.instance.booleanNode(true);

    private Json() {}

    /// {@return the object that `bytes` hold}
    ///
    /// @throws ApiException [ErrorKind#INVALID_REQUEST] naming `what`, the place and the finding,
    ///   never the library's own words
    public static ObjectNode object(String what, byte[] bytes) {
        if (bytes.length == 0) throw invalid(what + ": expected a JSON object, found nothing");
        if (bytes.length > 2 && bytes[0] == (byte) 0xEF && bytes[1] == (byte) 0xBB) {
            throw invalid(what + ": expected a JSON object, found a byte order mark");
        }
        try {
            JsonNode tree = read(bytes, 0, bytes.length);
            if (!(tree instanceof ObjectNode object)) {
                String found = tree.isMissingNode() ? "nothing" : Field.kind(tree);
                throw invalid(what + ": expected a JSON object, found " + found);
            }
            if (!isUtf8(bytes)) throw invalid(what + ": expected UTF-8, found other bytes");
            return object;
        } catch (JacksonException e) {
            throw invalid(what + ": " + problem(e));
        }
    }

    /// The parser lets overlong forms and surrogates through, and bytes that pass unread must not
    /// mean one thing here and another one upstream.
    private static boolean isUtf8(byte[] bytes) {
        if (isAscii(bytes)) return true;
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
        CharBuffer out = CharBuffer.allocate(DECODED_CHARACTERS);
        ByteBuffer in = ByteBuffer.wrap(bytes);
        CoderResult result = CoderResult.OVERFLOW;
        while (result.isOverflow()) {
            result = decoder.decode(in, out.clear(), true);
        }
        return !result.isError();
    }

    private static boolean isAscii(byte[] bytes) {
        int all = 0;
        for (byte b : bytes) all |= b;
        return all >= 0;
    }

    /// {@return the tokens of the first `length` bytes, for who needs but a few of them}
    static JsonParser parser(byte[] bytes, int length) {
        return FACTORY.createParser(ObjectReadContext.empty(), bytes, 0, length);
    }

    /// {@return the tree that `bytes` hold}
    ///
    /// @throws IllegalArgumentException when they are not JSON
    public static JsonNode tree(byte[] bytes, int from, int length) {
        try {
            return read(bytes, from, length);
        } catch (JacksonException e) {
            throw new IllegalArgumentException(problem(e));
        }
    }

    /// {@return the object that `bytes` hold, without its member `skipped`}
    ///
    /// @throws IllegalArgumentException when they hold none
    static JsonNode treeWithout(String skipped, byte[] bytes, int from, int length) {
        try (JsonParser tokens =
                FACTORY.createParser(ObjectReadContext.empty(), bytes, from, length)) {
            return JsonTree.readWithout(tokens, skipped);
        } catch (JacksonException e) {
            throw new IllegalArgumentException(problem(e));
        }
    }

    private static JsonNode read(byte[] bytes, int from, int length) {
        try (JsonParser tokens =
                FACTORY.createParser(ObjectReadContext.empty(), bytes, from, length)) {
            return JsonTree.read(tokens);
        }
    }

    private static byte[] written(Consumer<JsonGenerator> write) {
        var bytes = new ByteArrayOutputStream(WRITTEN_BYTES);
        try (JsonGenerator out = FACTORY.createGenerator(ObjectWriteContext.empty(), bytes)) {
            write.accept(out);
        }
        return bytes.toByteArray();
    }

    /// {@return the tree of a JSON text}
    ///
    /// @throws IllegalArgumentException when it is not JSON
    public static JsonNode tree(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return tree(bytes, 0, bytes.length);
    }

    /// {@return the JSON text of a tree, as UTF-8}
    public static byte[] bytes(JsonNode node) {
        return written(out -> JsonTree.write(node, out));
    }

    /// {@return the JSON text of a tree}
    public static String text(JsonNode node) {
        return new String(bytes(node), StandardCharsets.UTF_8);
    }

    /// {@return a text as a JSON string, quotes included}
    public static byte[] quoted(String text) {
        return written(out -> out.writeString(text));
    }

    /// {@return a new, empty object}
    public static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }

    /// {@return a new, empty array}
    public static ArrayNode array() {
        return JsonNodeFactory.instance.arrayNode();
    }

    /// {@return `node` as an object, or an empty one}
    public static ObjectNode objectOrEmpty(JsonNode node) {
        return node instanceof ObjectNode object ? object : object();
    }

    private static ApiException invalid(String message) {
        return new ApiException(ErrorKind.INVALID_REQUEST, message);
    }

    /// The library's messages name its classes, so only the place is taken from them.
    private static String problem(JacksonException e) {
        String text = String.valueOf(e.getOriginalMessage());
        TokenStreamLocation at = e.getLocation();
        String place =
                at == null ? "" : " at line " + at.getLineNr() + ", column " + at.getColumnNr();
        if (text.contains("nesting depth")) {
            return "expected at most " + NESTING_MAX + " levels of nesting, found more" + place;
        }
        if (text.startsWith("Duplicate")) return "a property is given twice" + place;
        if (text.contains("UTF-8")) return "expected UTF-8, found another byte" + place;
        if (text.contains("end-of-input")) return "the JSON ends too early" + place;
        return "expected JSON, found something else" + place;
    }
}
