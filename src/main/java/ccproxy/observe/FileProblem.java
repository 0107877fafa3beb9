package ccproxy.observe;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/// Why a file cannot be read, in words for who named it.
public final class FileProblem {
    private FileProblem() {}

    /// {@return the words, without the file's name}
    public static String of(IOException failure) {
        return switch (failure) {
            case NoSuchFileException _ -> "no such file";
            case AccessDeniedException _ -> "permission denied";
            case CharacterCodingException _ -> "not UTF-8";
            case FileSystemException of when of.getReason() != null -> of.getReason();
            case FileSystemException _ -> "it cannot be read";
            default -> failure.getMessage() == null ? "it cannot be read" : failure.getMessage();
        };
    }
}
