package ccproxy.convert;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.wire.Json;
import ccproxy.wire.MessageEvent;
import ccproxy.wire.MessageEvent.Delta;
import ccproxy.wire.MessageFold;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.node.ObjectNode;

/// Case 86: a megabyte in single bytes.
class LinearTimeTest {
    private static final int SMALL = 1 << 17;
    private static final int LARGE = 1 << 20;
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private static ObjectNode block(String type) {
        return Json.object().put("type", type).put("id", "t").put("name", "f");
    }

    /// Eight times as much takes about eight times as long: quadratic would be 64 times.
    private static void assertLinear(IntConsumer run) {
        run.accept(SMALL);
        long small = time(run, SMALL);
        long large = time(run, LARGE);
        assertTrue(large < 30 * Math.max(small, 5_000_000), large + " against " + small);
    }

    /// Of this thread alone, in nanoseconds: other processes run beside it.
    private static long time(IntConsumer run, int size) {
        long begun = THREADS.getCurrentThreadCpuTime();
        run.accept(size);
        return THREADS.getCurrentThreadCpuTime() - begun;
    }

    private static void encode(Conversion converted, ObjectNode block, Delta delta, int size) {
        ChunkEncoder encoder = converted.answers().chunks();
        encoder.encode(new MessageEvent.BlockStart(0, block));
        var event = new MessageEvent.BlockDelta(0, delta);
        for (int i = 0; i < size; i++) encoder.encode(event);
        encoder.encode(new MessageEvent.BlockStop(0));
    }

    @Test
    void argumentsAreEncodedInLinearTime() {
        Conversion plain =
                Conversion.asked(
                        Models.OLD, ",'tools':[{'type':'function','function':{'name':'f'}}]");
        assertLinear(size -> encode(plain, block("tool_use"), new Delta.InputJson("1"), size));
        Conversion custom =
                Conversion.asked(Models.OLD, ",'tools':[{'type':'custom','custom':{'name':'f'}}]");
        assertLinear(size -> encode(custom, block("tool_use"), new Delta.InputJson("a"), size));
    }

    @Test
    void thinkingAndFencedTextAreEncodedInLinearTime() {
        Conversion plain = Conversion.asked(Models.OLD, "");
        assertLinear(size -> encode(plain, block("thinking"), new Delta.Thinking("x"), size));
        Conversion json = Conversion.asked(Models.OLD, ",'response_format':{'type':'json_object'}");
        assertLinear(size -> encode(json, block("text"), new Delta.Text("x"), size));
    }

    @Test
    void argumentsAreFoldedInLinearTime() {
        assertLinear(size -> {
            var fold = new MessageFold();
            fold.add(new MessageEvent.BlockStart(0, block("tool_use")));
            fold.add(new MessageEvent.BlockDelta(0, new Delta.InputJson("{\"a\":\"")));
            var event = new MessageEvent.BlockDelta(0, new Delta.InputJson("x"));
            for (int i = 0; i < size; i++) fold.add(event);
            fold.add(new MessageEvent.BlockDelta(0, new Delta.InputJson("\"}")));
            fold.add(new MessageEvent.BlockStop(0));
            assertEquals(size, fold.message().at("/content/0/input/a").asString().length());
        });
    }

    @Test
    void tagsAreTakenOutInLinearTime() {
        for (String piece :
                new String[] {
                    "<thinking signature=\"",
                    "<thinking signature=\"s\">",
                    "<thinking signature=\"s\"x"
                }) {
            assertLinear(size ->
                    Reasoning.taken(
                            Json.array()
                                    .add(ChatContent.text(piece.repeat(size / piece.length())))));
        }
    }
}
