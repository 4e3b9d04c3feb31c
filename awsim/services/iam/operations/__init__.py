"""Operations of IAM, by what they are about."""
