package ccproxy.convert;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ccproxy.convert.ChatToMessages.Display;
import ccproxy.wire.Json;
import ccproxy.wire.MessageEvent;
import ccproxy.wire.MessageFold;
import ccproxy.wire.ModelRules;
import ccproxy.wire.SseEvent;
import ccproxy.wire.SseReader;
import ccproxy.wire.SseWriter;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import tools.jackson.databind.node.ObjectNode;

/// A folder with what goes in and what must come out: `chat-request.json` becomes
/// `messages-request.json`; `message-events.sse` or `message.json` becomes `chat-chunks.sse` and
/// `completion.json`. `-Dgolden.update=true` writes what comes out; the diff is to be read.
record Golden(String name, ModelRules rules, String reasoning) {
    private static final Path ROOT = Path.of("src/test/resources/ccproxy/convert");
    private static final boolean IS_UPDATE = Boolean.getBoolean("golden.update");

    static void check(String name, ModelRules rules, String reasoning) {
        new Golden(name, rules, reasoning).check();
    }

    private void check() {
        Conversion converted = converted();
        compare("messages-request.json", converted.body().toPrettyString() + "\n");
        compare("warnings.txt", converted.warnings() + "\n");
        if (Files.exists(file("message-events.sse"))) {
            byte[] events = bytes("message-events.sse");
            compare("chat-chunks.sse", chunks(new ByteArrayInputStream(events)));
            compare("completion.json", completion(folded(events)));
        } else if (Files.exists(file("message.json"))) {
            var fold = new MessageFold();
            fold.add(MessageEvent.of(SseEvent.whole(bytes("message.json"))));
            compare("completion.json", completion(fold.message()));
        }
    }

    Conversion converted() {
        var display = new Display(1_767_225_600, "chatcmpl-0", "fp_1", reasoning);
        ObjectNode raw = Json.object("body", bytes("chat-request.json"));
        return Conversion.of(raw, Conversion.options(rules), display);
    }

    byte[] bytes(String file) {
        try {
            return Files.readAllBytes(file(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    String text(String file) {
        return new String(bytes(file), StandardCharsets.UTF_8);
    }

    private Path file(String file) {
        return ROOT.resolve(name).resolve(file);
    }

    /// {@return the chunks of a stream, asked again after each time-out}
    String chunks(InputStream in) {
        return chunks(in, converted());
    }

    static String chunks(InputStream in, Conversion converted) {
        var out = new ByteArrayOutputStream();
        var writer = new SseWriter(out);
        var reader = new SseReader(in);
        ChunkEncoder encoder = converted.answers().chunks();
        boolean isComplete = false;
        try {
            for (; ; ) {
                SseEvent event;
                try {
                    event = reader.next();
                } catch (SocketTimeoutException _) {
                    continue;
                }
                if (event == null) break;
                MessageEvent read = MessageEvent.of(event);
                for (byte[] chunk : encoder.encode(read)) writer.data(chunk);
                isComplete |= read instanceof MessageEvent.MessageStop;
            }
            if (isComplete) writer.data("[DONE]".getBytes(StandardCharsets.US_ASCII));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toString(StandardCharsets.UTF_8);
    }

    static ObjectNode folded(byte[] events) {
        var fold = new MessageFold();
        var reader = new SseReader(new ByteArrayInputStream(events));
        try {
            for (SseEvent event = reader.next(); event != null; event = reader.next())
                fold.add(MessageEvent.of(event));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return fold.message();
    }

    private String completion(ObjectNode message) {
        byte[] json = converted().answers().completion(message);
        return Json.object("completion", json).toPrettyString() + "\n";
    }

    private void compare(String file, String actual) {
        if (IS_UPDATE) {
            try {
                Files.writeString(file(file), actual);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        assertEquals(text(file), actual, name + "/" + file);
    }
}
