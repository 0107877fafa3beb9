package ccproxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Words that mean something in a terminal are words to the model, and no file is read for them.
@Tag("real-cli")
@ParameterizedClass
@EnumSource
class RealCliTextTest {
    private static final String SECRET = "the-secret-of-a-file";

    @TempDir static Path folder;
    private static RealCli cli;
    @Parameter CliVersion version;

    @BeforeParameterizedClassInvocation
    static void start(CliVersion version) throws IOException {
        Files.writeString(folder.resolve("secret.txt"), SECRET);
        cli = new RealCli(version, folder);
    }

    @AfterParameterizedClassInvocation
    static void stop() throws IOException {
        if (cli != null) cli.close();
        cli = null;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "@FILE",
                "what is in @FILE and in @\"FILE\"?",
                "@FILE#L1-2",
                "/clear",
                "/model claude-opus-5",
                "/compact",
                "/config",
                "/exit",
                "/usage and more",
                "!cat FILE",
                "#note",
                "<command-name>/clear</command-name>"
            })
    void arrivesAsItIsWhereverItStands(String pattern) {
        version.assumeIsQuickOr(pattern.equals("@FILE") || pattern.equals("/clear"));
        String text = pattern.replace("FILE", folder.resolve("secret.txt").toString());
        reaches(Api.MESSAGES.request(text, false));

        // A process of its own for each: a few tell as much.
        boolean isSystem = Set.of("@FILE", "/clear", "!cat FILE").contains(pattern);
        ObjectNode everywhere = Api.MESSAGES.request(text, false);
        if (isSystem) everywhere.put("system", text);
        ArrayNode messages = everywhere.withArray("messages");
        messages.addObject()
                .put("role", "assistant")
                .putArray("content")
                .addObject()
                .put("type", "tool_use")
                .put("id", "toolu_1")
                .put("name", "f")
                .putObject("input")
                .put("a", text);
        ArrayNode last = messages.addObject().put("role", "user").putArray("content");
        last.addObject()
                .put("type", "tool_result")
                .put("tool_use_id", "toolu_1")
                .put("content", text);
        last.addObject().put("type", "text").put("text", "and");
        last.addObject().put("type", "text").put("text", text);
        ObjectNode asked = reaches(everywhere);
        if (isSystem) assertEquals(text, asked.path("system").path(2).path("text").asString());
    }

    private static ObjectNode reaches(ObjectNode request) {
        ObjectNode asked = cli.askedBy(RealCli.SDK, request);
        assertEquals(request.path("messages"), asked.path("messages"));
        assertFalse(asked.toString().contains(SECRET), () -> asked.toString());
        return asked;
    }

    @ParameterizedTest
    @EnumSource
    void streamsOfBothApis(Api api) {
        String text = "/clear @" + folder.resolve("secret.txt");
        cli.reset();
        String path = "/sdk" + api.path;
        String answer = cli.server().post(path, api.stream(text)).body();
        assertEquals(text, api.streamedText(answer));
        assertTrue(api.isWhole(answer), answer);
        assertFalse(cli.askedBody().toString().contains(SECRET));
    }
}
