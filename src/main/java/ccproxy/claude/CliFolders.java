package ccproxy.claude;

import ccproxy.observe.Log;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.stream.Stream;

/// The private folders of one CLI process: `work`, empty, and `tmp`, where it leaves what it
/// leaves. Both are gone after it. Those of a server that was killed are found by its process id
/// and removed at the next start.
record CliFolders(Path root, Path work, Path temporary) implements AutoCloseable {
    private static final String PREFIX = "ccproxy-sdk-";

    /// {@return new folders, for this user only}
    static CliFolders open() {
        try {
            Path root = Files.createTempDirectory(PREFIX + ProcessHandle.current().pid() + "-");
            return new CliFolders(
                    root,
                    Files.createDirectory(root.resolve("work")),
                    Files.createDirectory(root.resolve("tmp")));
        } catch (IOException e) {
            throw new UncheckedIOException("no private folder for the CLI: " + e.getMessage(), e);
        }
    }

    /// Removes what servers that are no more left behind.
    static void sweep() {
        Path parent = Path.of(System.getProperty("java.io.tmpdir"));
        try (Stream<Path> found = Files.list(parent)) {
            List<Path> left = found.filter(path -> isLeft(path.getFileName().toString())).toList();
            left.forEach(CliFolders::remove);
        } catch (IOException | UncheckedIOException e) {
            Log.debug("temporary folders not swept").with("error", e.getMessage()).write();
        }
    }

    private static boolean isLeft(String name) {
        if (!name.startsWith(PREFIX)) return false;
        String pid = name.substring(PREFIX.length()).replaceFirst("-.*", "");
        return pid.matches("[0-9]{1,18}")
                && ProcessHandle.of(Long.parseLong(pid)).filter(ProcessHandle::isAlive).isEmpty();
    }

    @Override
    public void close() {
        remove(root);
    }

    private static void remove(Path root) {
        try {
            Files.walkFileTree(
                    root,
                    new SimpleFileVisitor<>() {
                        @Override
                        public FileVisitResult visitFile(Path file, BasicFileAttributes a)
                                throws IOException {
                            Files.deleteIfExists(file);
                            return FileVisitResult.CONTINUE;
                        }

                        @Override
                        public FileVisitResult postVisitDirectory(Path folder, IOException e)
                                throws IOException {
                            Files.deleteIfExists(folder);
                            return FileVisitResult.CONTINUE;
                        }
                    });
        } catch (IOException e) {
            Log.debug("temporary folder not removed").with("error", e.getMessage()).write();
        }
    }
}
