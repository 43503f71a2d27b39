import "twotower/element";
