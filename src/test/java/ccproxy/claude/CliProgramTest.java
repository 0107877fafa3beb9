package ccproxy.claude;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
class CliProgramTest {
    @TempDir Path folder;

    /// A program that says a version, and notes that it was asked.
    private CliProgram saying(String version) {
        var fake = new FakeCli(folder);
        fake.program("echo asked >>" + folder + "/asked\necho '" + version + "'");
        return new CliProgram(fake.settings(0, 1));
    }

    private long asked() throws IOException {
        return Files.readAllLines(folder.resolve("asked")).size();
    }

    private static CliProgram onPath(String path) {
        CliSettings none = CliSettings.NONE;
        return new CliProgram(
                new CliSettings(
                        "",
                        "",
                        "",
                        "default",
                        none.messageMode(),
                        0,
                        1,
                        none.stateFolder(),
                        Map.of("PATH", path)));
    }

    private static String refused(CliProgram program) {
        ApiException failure = assertThrows(ApiException.class, program::path);
        assertEquals(ErrorKind.UNAVAILABLE, failure.kind());
        return failure.getMessage();
    }

    @ParameterizedTest
    @CsvSource({
        "2.1.197 (Claude Code), 2.1.197",
        "2.1.198 (Claude Code), 2.1.198",
        "2.2.0, 2.2.0",
        "3.0.0-beta.1, 3.0.0",
        "10.0.0, 10.0.0"
    })
    void newEnoughIsUsed(String said, String version) throws Exception {
        CliProgram program = saying(said);
        assertEquals(folder.resolve("claude"), program.path());
        assertEquals(version, program.version());
        assertEquals("", program.problem());
    }

    @ParameterizedTest
    @ValueSource(strings = {"2.1.196 (Claude Code)", "2.0.999", "1.9.999", "0.0.0"})
    void tooOldIsRefusedWithAdvice(String said) throws Exception {
        CliProgram program = saying(said);
        String message = refused(program);
        assertTrue(message.contains("expected 2.1.197 or newer"), message);
        assertTrue(message.contains("claude update"), message);
        assertEquals(message, program.problem());
        assertTrue(program.isFound());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "Claude Code", "v2.1.330", "2.1"})
    void oneThatSaysNoVersionIsAskedAgain(String said) throws Exception {
        CliProgram program = saying(said);
        for (int i = 1; i <= 2; i++) {
            assertTrue(refused(program).contains("did not say a version"));
            assertEquals(i, asked());
        }
    }

    @Test
    void missingOneIsRefusedWithAdvice() throws Exception {
        CliProgram missing = onPath(folder + ":" + folder.resolve("nowhere") + "::");
        assertFalse(missing.isFound());
        String message = refused(missing);
        assertTrue(message.startsWith("no Claude Code CLI on the PATH"), message);
        assertTrue(message.contains("npm install"), message);
        assertEquals("", missing.version());
        assertFalse(missing.login().isLoggedIn());
    }

    @Test
    void folderOrFileThatCannotRunIsNoProgram() throws Exception {
        Path first = Files.createDirectories(folder.resolve("first/claude"));
        Path second = Files.createDirectory(folder.resolve("second"));
        Files.setPosixFilePermissions(
                Files.writeString(second.resolve("claude"), "x"),
                PosixFilePermissions.fromString("rw-r--r--"));
        saying("2.1.330");
        CliProgram program = onPath(first.getParent() + ":" + second + ":" + folder);
        assertEquals(folder.resolve("claude"), program.path());
    }

    @Test
    void whatWasFoundHoldsUntilTheFileChanges() throws Exception {
        CliProgram program = saying("2.1.196");
        for (int i = 0; i < 3; i++) assertFalse(program.problem().isEmpty());
        assertEquals(1, asked());
        saying("2.1.330");
        Files.setLastModifiedTime(
                folder.resolve("claude"), FileTime.fromMillis(System.currentTimeMillis() + 5000));
        for (int i = 0; i < 3; i++) assertEquals("2.1.330", program.version());
        assertEquals(2, asked());
        Files.delete(folder.resolve("claude"));
        assertFalse(program.isFound());
        assertTrue(refused(program).startsWith("no Claude Code CLI at "));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    {"loggedIn":true,"authMethod":"claude.ai"} | 0 | true  | claude.ai
                    {"loggedIn":false}                         | 0 | false | ''
                    {"loggedIn":true}                          | 1 | true  | ''
                    Logged in as somebody                      | 0 | true  | ''
                    Not logged in                              | 1 | false | ''
                    """)
    void loginIsWhatTheCliSaysOrItsExitCode(
            String said, int code, boolean isLoggedIn, String method) throws Exception {
        var fake = new FakeCli(folder);
        fake.program(
                "case $1 in --version) echo 2.1.330;; *) echo '"
                        + said
                        + "'; exit "
                        + code
                        + ";; esac");
        var login = new CliProgram(fake.settings(0, 1)).login();
        assertEquals(isLoggedIn, login.isLoggedIn());
        assertEquals(method, login.method());
    }
}
